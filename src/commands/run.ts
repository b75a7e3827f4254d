import { Interrupted } from '../engine/transaction.ts';
import { EXIT, type ExitCode, SetupError } from '../errors.ts';
import { environmentName, type Options, parseFlags } from '../flags.ts';
import { RealHost } from '../host/real.ts';
import { trace } from '../host/trace.ts';
import { People, sayError } from '../ui/people.ts';
import { contextOf } from './context.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { explain } from './failure.ts';
import { helpFor } from './help.ts';
import { newReport, type Report } from './report.ts';
import { setup } from './setup.ts';
import { undo } from './undo.ts';

/** Runs what the words ask for; answers with the exit code of the contract once all that was said has been handed over. */
export async function run(words: readonly string[]): Promise<ExitCode> {
  const exit = await obey(words);
  await Promise.all([process.stdout, process.stderr].map(handedOver));
  return exit;
}

/** What was written to a stream has been taken by its reader, or never will be. */
function handedOver(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else stream.write('', () => resolve());
  });
}

async function obey(words: readonly string[]): Promise<ExitCode> {
  const host = new RealHost();
  let options: Options;
  try {
    options = parseFlags(words, host.env);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return refuseWords(host, words, error);
  }
  if (options.version) return print(`${__VERSION__}\n`);
  // Without a command `--help` is of all of them; `setup --help` is of setup.
  if (options.help)
    return print(await helpFor(process.stdout.columns, words.includes(options.command) ? options.command : undefined));
  host.catchSignals();
  outliveReaders();
  if (options.verbose) trace.write = (line) => process.stderr.write(`${line}\n`);
  const people = new People(host, options);
  await layOut(people);
  if (options.command === 'export' || options.command === 'completion') return printText(host, options);
  if (options.command === 'demo')
    return demo(host, people).catch(async (error) => (await tell(host, options, error)).exit);
  return perform(host, options, people, newReport(host, options.command, options.host, __VERSION__));
}

/** Only on a terminal is there a width to keep to. */
async function layOut(people: People): Promise<void> {
  if (people.terminal) people.layout = await import('../ui/wrap.ts');
}

/** Whoever reads the output may go away (`| head`, a closed terminal), and its disk may be full: no reason to stop half way. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

async function perform(host: RealHost, options: Options, people: People, report: Report): Promise<ExitCode> {
  try {
    await COMMANDS[report.command](contextOf(host, options, people, report));
  } catch (error) {
    const known = await tell(host, options, error);
    report.exitCode = known.exit;
    if (report.outcome === 'unchanged' || report.outcome === 'planned') report.outcome = 'failed';
    report.error = { code: known.code, message: known.message, meaning: known.meaning, remedy: known.remedy };
  }
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.exitCode;
}

/** Says what was thrown, as an error for people; whatever is thrown after Ctrl-C is due to that. */
async function tell(host: RealHost, options: Options, error: unknown): Promise<SetupError> {
  const interrupted = host.interrupted.aborted && !(error instanceof SetupError);
  const known = explain(interrupted ? new Interrupted(host.interrupted) : error);
  sayError(await onStderr(host, options.color), known, options.verbose);
  return known;
}

async function onStderr(host: RealHost, color: boolean): Promise<People> {
  const people = new People(host, { json: true, quiet: false, color });
  await layOut(people);
  return people;
}

/** The commands share nearly all of their code, so they are one chunk: a file more costs more than what it would spare. */
const COMMANDS = { setup, undo, doctor };

/** Words that were not understood: said to people, and as JSON to a program that asked for JSON. */
async function refuseWords(host: RealHost, words: readonly string[], error: SetupError): Promise<ExitCode> {
  sayError(await onStderr(host, !words.includes('--no-color')), error, false);
  if (words.includes('--json') || /^(1|true|yes|on)$/i.test(host.env[environmentName('json')] ?? '')) {
    const command = (['undo', 'doctor'] as const).find((name) => words.includes(name)) ?? 'setup';
    const report = newReport(host, command, '', __VERSION__);
    report.exitCode = error.exit;
    report.error = { code: error.code, message: error.message, meaning: error.meaning, remedy: error.remedy };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  }
  return error.exit;
}

/** Nothing but what was asked for is on stdout, so that it can be redirected into a file. */
async function printText(host: RealHost, options: Options): Promise<ExitCode> {
  try {
    if (options.command === 'completion') {
      const { completion } = await import('./completion.ts');
      return print(completion(options.format));
    }
    const { exported, exportedRole } = await import('./export.ts');
    const { role } = options;
    return print(role === undefined ? await exported(options) : await exportedRole({ ...options, role }, host));
  } catch (error) {
    return (await tell(host, options, error)).exit;
  }
}

function print(text: string): ExitCode {
  process.stdout.write(text);
  return EXIT.ok;
}

import type { Check } from '../checks/check.ts';
import type { StepEvent } from '../engine/transaction.ts';
import { SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Report } from '../report.ts';
import { type Colors, colorsFor } from './color.ts';

/** Where text for people goes: stdout, or stderr when stdout carries JSON. */
export class People {
  readonly colors: Colors;
  readonly #out: NodeJS.WritableStream;
  /** As --quiet asks. */
  readonly quiet: boolean;
  readonly #live: boolean;
  /** In cells. */
  readonly columns: number;
  /** Whether it goes to a terminal on which more than text can be shown. */
  readonly drawn: boolean;
  #pending = '';

  constructor(host: Host, options: { json: boolean; quiet: boolean; color: boolean }) {
    this.#out = options.json ? process.stderr : process.stdout;
    this.quiet = options.quiet;
    this.columns = host.terminal.columns;
    const terminal = options.json ? host.terminal.stderr : host.terminal.stdout;
    this.drawn = terminal && host.env.TERM !== 'dumb';
    this.#live = this.drawn && host.env.CI === undefined;
    this.colors = colorsFor(host, options.color, terminal);
  }

  /** A line that --quiet leaves out. */
  say(text = ''): void {
    if (!this.quiet) this.#write(text);
  }

  /** A line that is always said. */
  insist(text: string): void {
    this.#write(text);
  }

  /** A line that the next one replaces, on a terminal; nothing elsewhere, so that logs hold no half-truths. */
  pending(text: string): void {
    // A line that wraps could not be cleared whole.
    const line = text.slice(0, this.columns - 1);
    if (this.quiet || !this.#live || line === this.#pending) return;
    this.#clear();
    this.#out.write(line);
    this.#pending = line;
  }

  #write(text: string): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  #clear(): void {
    if (this.#pending) this.#out.write('\r\u001b[2K');
    this.#pending = '';
  }
}

/** What was found, in a few lines. */
export function sayFound(people: People, report: Report): void {
  const { colors } = people;
  // What was observed is of one: of several that are examined, the checks tell where each listens.
  const isOne = report.installations.filter(({ selected }) => selected).length === 1;
  for (const { kind, id, selected, version, running, settings } of report.installations) {
    const mark = selected ? colors.bold('▸') : ' ';
    if (kind === 'windows-host') {
      // Its setting and its listeners are not to be seen from here.
      people.say(`${mark} Ollama on Windows`);
      continue;
    }
    const effective = settings.find((setting) => setting.effective);
    people.say(`${mark} Ollama${version ? ` ${version}` : ''}, ${kind} ${id}, ${running ? 'running' : 'not running'}`);
    people.say(
      `    OLLAMA_HOST  ${effective ? `${effective.value} (${effective.source})` : 'not set: Ollama takes 127.0.0.1:11434'}`,
    );
    if (selected && isOne) people.say(`    listens on   ${printListeners(report.before)}`);
  }
}

/** "127.0.0.1:11434 (this machine only)" */
export function printListeners({ scope, listeners }: Report['before']): string {
  if (listeners.length === 0) return 'nothing';
  const where = listeners
    .map(({ address, port }) => `${address.includes(':') ? `[${address}]` : address}:${port}`)
    .join(', ');
  const who = { loopback: 'this machine only', all: 'all interfaces', address: 'one address', none: '' }[scope];
  return `${where} (${who})`;
}

/** The plan: every step with its diff or command. */
export function sayPlan(people: People, report: Report): void {
  const { colors } = people;
  people.say();
  people.say(colors.bold('This will be done:'));
  for (const step of report.steps) {
    people.say(`  ${step.title}`);
    if (step.command) people.say(`    ${colors.cyan(step.command)}`);
    if (step.diff) for (const line of step.diff.trimEnd().split('\n')) people.say(`    ${paintDiff(colors, line)}`);
  }
}

function paintDiff(colors: Colors, line: string): string {
  if (line.startsWith('+')) return colors.green(line);
  return line.startsWith('-') ? colors.red(line) : colors.dim(line);
}

/** What the binding means for others, before it is opened. */
export function sayExposure(people: People, report: Report): void {
  const { colors } = people;
  const { addresses, hostHeaderGuard } = report.exposure;
  if (hostHeaderGuard) return;
  people.say();
  people.say(colors.bold('Who can reach it then:'));
  for (const { interface: name, address, reach } of addresses) {
    const line = `  ${REACH[reach]}  ${address} (${name})`;
    people.say(reach === 'public' ? colors.red(line) : line);
  }
  if (report.exposure.firewall !== 'not examined') people.say(`  ${report.exposure.firewall}`);
  people.say('  Ollama asks nobody for a password, and off loopback it no longer checks the Host header of requests.');
}

const REACH = {
  containers: 'containers     ',
  windows: 'this Windows PC',
  vpn: 'your VPN       ',
  lan: 'local network  ',
  public: 'THE INTERNET   ',
};

export function sayWarnings(people: People, report: Report): void {
  for (const { message } of report.warnings) people.say(people.colors.yellow(`! ${message}`));
}

/** One line for each step, as it ends. */
export function sayStep(people: People, { title, status, elapsed }: StepEvent): void {
  const { colors } = people;
  if (status === 'begun') {
    people.pending(`… ${title}`);
    return;
  }
  const mark = {
    done: colors.green('✓'),
    unchanged: colors.dim('='),
    reverted: colors.yellow('↩'),
    failed: colors.red('✗'),
  }[status];
  people.say(`${mark} ${title}${elapsed >= 100 ? colors.dim(` (${(elapsed / 1000).toFixed(1)} s)`) : ''}`);
}

export function sayCheck(people: People, check: Check): void {
  const { colors } = people;
  const mark = { pass: colors.green('✓'), warn: colors.yellow('!'), fail: colors.red('✗'), skip: colors.dim('-') }[
    check.status
  ];
  people.say(`${mark} ${check.summary}`);
  if (check.status !== 'pass' && check.evidence) people.say(colors.dim(`    seen in: ${check.evidence}`));
  if (check.status !== 'pass' && check.remedy) people.say(`    ${colors.cyan(check.remedy)}`);
}

/** An error for people: what happened, what it means, what mends it. The trace only with --verbose. */
export function sayError(colors: Colors, error: unknown, verbose: boolean): void {
  const write = (text: string) => process.stderr.write(`${text}\n`);
  if (error instanceof SetupError) {
    write(`${colors.red('✗')} ${error.message}`);
    if (error.meaning) write(indent(error.meaning));
    if (error.remedy) write(indent(colors.cyan(error.remedy)));
  } else {
    write(
      `${colors.red('✗')} stigmer-setup-ollama itself failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    write(
      indent('That is a defect of this program. Please report it with the output of the same command and --verbose.'),
    );
  }
  if (verbose && error instanceof Error) write(indent(error.stack ?? ''));
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

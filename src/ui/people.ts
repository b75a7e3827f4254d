import type { Check } from '../checks/check.ts';
import type { Step } from '../engine/plan.ts';
import type { StepEvent } from '../engine/transaction.ts';
import { SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Report } from '../report.ts';
import { type Colors, colorsFor } from './color.ts';
import { hasUnicode } from './path-unicode.ts';

/** A line that the next one replaces, on whichever stream: a terminal shows both of them. */
let pending: { out: NodeJS.WritableStream; line: string } | undefined;

/** Where text for people goes: stdout, or stderr when stdout carries JSON. */
export class People {
  readonly colors: Colors;
  readonly #out: NodeJS.WritableStream;
  /** As --quiet asks. */
  readonly quiet: boolean;
  /** Whether a line may be shown that the next one replaces. */
  readonly live: boolean;
  /** In cells. */
  readonly columns: number;
  /** Whether it goes to a terminal at all. */
  readonly terminal: boolean;
  /** Whether it goes to a terminal on which more than text can be shown. */
  readonly drawn: boolean;
  /**
   * Whether words stand where signs would: without colours, as for screen readers and logs, and on a terminal that shows
   * nothing beyond ASCII.
   */
  readonly prose: boolean;
  /** How lines are broken for this terminal; nothing does so for a file, a pipe, or a terminal of unknown width. */
  layout: typeof import('./wrap.ts') | undefined;

  constructor(host: Host, options: { json: boolean; quiet: boolean; color: boolean }) {
    this.#out = options.json ? process.stderr : process.stdout;
    this.quiet = options.quiet;
    this.columns = host.terminal.columns;
    const terminal = options.json ? host.terminal.stderr : host.terminal.stdout;
    this.terminal = terminal;
    this.drawn = terminal && host.env.TERM !== 'dumb';
    this.colors = colorsFor(host, options.color, terminal);
    this.prose = !this.colors.isColorSupported || (this.drawn && !hasUnicode(host.env, host.platform));
    this.live = this.drawn && !this.prose && host.env.CI === undefined;
  }

  /** A line that --quiet leaves out. */
  say(text = ''): void {
    if (!this.quiet) this.insist(text);
  }

  /** A line that is always said. */
  insist(text: string): void {
    this.#write(this.layout ? this.layout.wrap(text, this.columns) : text);
  }

  /** A command or a file's name, for somebody to copy: only the terminal breaks it, and takes that back when it is copied. */
  exactly(text: string, always = false): void {
    if (always || !this.quiet) this.#write(text);
  }

  /** The same, behind what it is. */
  labelled(label: string, value: string): void {
    const lines = this.layout?.labelled(label, value, this.columns) ?? [`${label} ${value}`];
    for (const line of lines) this.exactly(line);
  }

  /** A line that the next one replaces, on a terminal; nothing elsewhere, so that logs hold no half-truths. */
  pending(text: string): void {
    // A line that wraps could not be cleared whole.
    const line = (this.layout?.wrap(text, this.columns - 1) ?? text).split('\n', 1)[0] ?? '';
    if (this.quiet || !this.live || line === pending?.line) return;
    this.clear();
    this.#out.write(line);
    pending = { out: this.#out, line };
  }

  /** Takes away what is pending, before somebody else writes to the terminal. */
  clear(): void {
    pending?.out.write('\r\u001b[2K');
    pending = undefined;
  }

  #write(text: string): void {
    this.clear();
    this.#out.write(`${text}\n`);
  }
}

const MARKS = {
  found: ['▸', 'bold', 'Found: '],
  done: ['✓', 'green', 'Done: '],
  unchanged: ['=', 'dim', 'Already so: '],
  reverted: ['↩', 'yellow', 'To go back: '],
  failed: ['✗', 'red', 'Failed: '],
  pass: ['✓', 'green', 'OK: '],
  warn: ['!', 'yellow', 'Warning: '],
  fail: ['✗', 'red', 'Problem: '],
  skip: ['-', 'dim', 'Not checked: '],
  error: ['✗', 'red', 'Error: '],
} as const;

/** What a line begins with: a sign, or the word for it. */
export function mark({ colors, prose }: Pick<People, 'colors' | 'prose'>, kind: keyof typeof MARKS): string {
  const [sign, color, word] = MARKS[kind];
  return prose ? colors[color](word) : `${colors[color](sign)} `;
}

/** What was found, in a few lines. */
export function sayFound(people: People, report: Report): void {
  // What was observed is of one: of several that are examined, the checks tell where each listens.
  const isOne = report.installations.filter(({ selected }) => selected).length === 1;
  for (const { kind, id, selected, version, running, settings } of report.installations) {
    const sign = selected ? mark(people, 'found') : people.prose ? 'Also here: ' : '  ';
    if (kind === 'windows-host') {
      // Its setting and its listeners are not to be seen from here.
      people.say(`${sign}Ollama on Windows`);
      continue;
    }
    const effective = settings.find((setting) => setting.effective);
    people.say(`${sign}Ollama${version ? ` ${version}` : ''}, ${kind} ${id}, ${running ? 'running' : 'not running'}`);
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
    sayCommand(people, step);
    if (step.diff) sayDiff(people, step.diff);
  }
}

/** What a step does, with the command that does it. */
export function sayCommand(people: People, { title, command }: Pick<Step, 'title' | 'command'>): void {
  people.say(`  ${title}`);
  if (command) people.exactly(INDENT + people.colors.cyan(command));
}

/** A unified diff, of which no line looks like another when it is broken. */
export function sayDiff(people: People, diff: string): void {
  for (const line of diff.trimEnd().split(/\r?\n/)) {
    // What is in a file may be anything, and must not move the cursor.
    const shown = line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
    const lines = people.layout?.wrapDiff(shown, people.columns - INDENT.length) ?? [shown];
    for (const part of lines) people.exactly(INDENT + paintDiff(people.colors, part, line));
  }
}

const INDENT = '    ';

function paintDiff(colors: Colors, text: string, line: string): string {
  if (line.startsWith('+')) return colors.green(text);
  return line.startsWith('-') ? colors.red(text) : colors.dim(text);
}

/** What the binding means for others: of setup before it is opened, of doctor as it is. */
export function sayExposure(people: People, report: Report, title = 'Who can reach it then:'): void {
  const { colors } = people;
  const { addresses, hostHeaderGuard } = report.exposure;
  if (hostHeaderGuard) return;
  people.say();
  people.say(colors.bold(title));
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
  const { red, yellow } = people.colors;
  for (const { code, message } of report.warnings)
    people.say(mark(people, 'warn') + (code === 'public-address' ? red : yellow)(message));
}

/** One line for each step, as it ends. */
export function sayStep(people: People, { title, status, elapsed }: StepEvent): void {
  const { colors } = people;
  if (status === 'begun') {
    people.pending(`… ${title}`);
    return;
  }
  const time = elapsed < 100 ? `${Math.round(elapsed)} ms` : `${(elapsed / 1000).toFixed(1)} s`;
  people.say(`${mark(people, status)}${title}${status === 'reverted' ? '' : colors.dim(` (${time})`)}`);
}

export function sayCheck(people: People, { status, summary, evidence, remedy }: Check): void {
  const { colors } = people;
  people.say(mark(people, status) + summary);
  if (status !== 'pass' && evidence) people.say(colors.dim(`    seen in: ${evidence}`));
  if (status !== 'pass' && remedy) people.exactly(colors.cyan(remedy.replace(/^/gm, INDENT)));
}

/** An error for people: what happened, what it means, what mends it. The trace only with --verbose. */
export function sayError(people: People, error: unknown, verbose: boolean): void {
  const { colors } = people;
  if (error instanceof SetupError) {
    people.insist(mark(people, 'error') + error.message);
    if (error.meaning) people.insist(indent(error.meaning));
    if (error.remedy) people.exactly(indent(colors.cyan(error.remedy)));
  } else {
    const why = error instanceof Error ? error.message : String(error);
    people.insist(`${mark(people, 'error')}stigmer-setup-ollama itself failed: ${why}`);
    people.insist(
      indent('That is a defect of this program. Please report it with the output of the same command and --verbose.'),
    );
  }
  if (verbose && error instanceof Error) people.exactly(indent(error.stack ?? ''));
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

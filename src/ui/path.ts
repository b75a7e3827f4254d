import type { Colors } from './color.ts';
import { printable } from './path-unicode.ts';
import { cells, pieces } from './width.ts';

/** broken: seen to fail. suspect: likely the reason. unknown: could not be asked, as behind a broken edge. */
export type LinkState = 'ok' | 'broken' | 'suspect' | 'unknown';

/** A way from one station to the next. */
export interface Edge {
  state: LinkState;
  /** What is in the way, in a few words: "ufw drops docker0". */
  note?: string;
}

/**
 * A station of the way from a container to the models: container, name, address, listener, models. Its state and note
 * are those of the way to it as well, unless `by` tells these apart: a server may be fine behind a firewall that drops.
 */
export interface Link {
  /** What a person calls it: "agent-runner", "172.17.0.1", "*:11434 ollama 0.32.3". */
  label: string;
  state: LinkState;
  note?: string;
  by?: Edge;
}

export interface PathOptions {
  /** The width of the terminal in cells; Infinity for one line in any case. Less than 20 counts as 20. */
  columns: number;
  /** As `hasUnicode` tells. */
  unicode: boolean;
  /** None where the text is not for a terminal. */
  colors?: Colors;
}

/** What can stand on a line of its own: a dash with what it leads to, or with what is in its way. */
type Atom = Word[];

interface Word {
  text: string;
  role: 'edge' | 'label';
  state: LinkState;
}

const INDENT = 2;
/** Where a station alone is wider than the terminal. */
const DEEPER = 4;
const NARROWEST = 20;

/**
 * The way from a container to the models, in one line where it fits, else broken before a dash:
 *
 *     agent-runner ── host.docker.internal ── 172.17.0.1 ──╳ ufw drops docker0 ── *:11434 ollama 0.32.3 ── 2 models
 *
 * Colours only repeat what the signs say: ──╳ is broken, ──? suspect, ┄┄ not known (ASCII: --X, --?, ..).
 * @returns lines without a line's end and without blanks at their end; none for an empty path
 */
export function renderPath(path: readonly Link[], { columns, unicode, colors }: PathOptions): string[] {
  const limit = Number.isNaN(columns) ? 80 : Math.max(columns, NARROWEST);
  const atoms = path.flatMap((link, index) => atomsOf(link, index === 0, unicode));
  return layOut(atoms, limit).map(({ indent, words }) => ' '.repeat(indent) + paint(words, colors));
}

/**
 * The same in a sentence, for screen readers, which spell out dashes, and for logs.
 * @returns "The way from agent-runner to 2 models is broken before *:11434 ollama: ufw drops docker0."
 */
export function tellPath(path: readonly Link[]): string {
  const [first] = path;
  const last = path.at(-1);
  if (!first || !last) return '';
  const where = path.length > 1 ? `The way from ${name(first)} to ${name(last)}` : name(first);
  const sick = (['broken', 'suspect'] as const).flatMap((state) => findState(path, state))[0];
  if (sick) {
    const { state, note, at } = sick;
    const how = state === 'broken' ? 'is broken' : 'may be broken';
    return `${where} ${how}${at}${note ? `: ${printable(note, true)}` : ''}.`;
  }
  const dark = path.find((link) => link.state === 'unknown' || link.by?.state === 'unknown');
  return dark ? `${where} is open as far as it could be seen, but not all of it could.` : `${where} is open.`;
}

function name({ label }: Link): string {
  return printable(label, true) || 'an unnamed station';
}

function findState(path: readonly Link[], state: 'broken' | 'suspect') {
  for (const [index, link] of path.entries()) {
    const at = path.length > 1 ? ` ${index === 0 ? 'at' : 'before'} ${name(link)}` : '';
    if (index > 0 && link.by?.state === state) return [{ state, note: link.by.note, at }];
    const within = link.by && index > 0 ? ` at ${name(link)}` : at;
    if (link.state === state) return [{ state, note: link.note, at: within }];
  }
  return [];
}

function atomsOf(link: Link, first: boolean, unicode: boolean): Atom[] {
  const { state, by } = link;
  const edge = first ? undefined : (by ?? link);
  if (!edge) return [ownLabel(link, false, unicode)];
  const { dash, mark } = signs(unicode);
  const head: Word = { text: `${dash[edge.state]}${mark[edge.state]}`, role: 'edge', state: edge.state };
  // Behind what is in the way, the dash is that of the station.
  const tail = dash[by ? state : edge.state];
  const why = printable(edge.note ?? '', unicode);
  const isTold = why !== '' || mark[edge.state] !== '';
  const label = by ? ownLabel(link, isTold, unicode) : labelOf(link, unicode);
  if (!why) return [[isTold ? { ...head, text: head.text + tail } : head, ...label]];
  const behind: Word = { text: tail, role: 'edge', state: by ? state : edge.state };
  return [
    [head, ...wordsOf(why, 'edge', edge.state)],
    [behind, ...label],
  ];
}

function labelOf({ label, state }: Link, unicode: boolean): Word[] {
  return wordsOf(printable(label, unicode) || '?', 'label', state);
}

/** A station that tells its state itself; `isTold` when the dash before it says already that it is not known. */
function ownLabel(link: Link, isTold: boolean, unicode: boolean): Word[] {
  const { state } = link;
  const sign = signs(unicode).mark[state];
  const note = printable(link.note ?? '', unicode) || (state === 'unknown' && !isTold ? 'not known' : '');
  return [
    ...(sign ? [{ text: sign, role: 'edge' as const, state }] : []),
    ...labelOf(link, unicode),
    ...(note ? wordsOf(`(${note})`, 'label', state) : []),
  ];
}

const UNICODE = {
  dash: { ok: '──', broken: '──', suspect: '──', unknown: '┄┄' },
  mark: { ok: '', broken: '╳', suspect: '?', unknown: '' },
};
const ASCII = {
  dash: { ok: '--', broken: '--', suspect: '--', unknown: '..' },
  mark: { ok: '', broken: 'X', suspect: '?', unknown: '' },
};

function signs(unicode: boolean): typeof UNICODE {
  return unicode ? UNICODE : ASCII;
}

function wordsOf(text: string, role: Word['role'], state: LinkState): Word[] {
  return text.split(' ').map((word) => ({ text: word, role, state }));
}

interface Line {
  indent: number;
  words: Word[];
}

function widthOf({ indent, words }: Line): number {
  return words.reduce((sum, { text }) => sum + cells(text) + 1, indent - 1);
}

function layOut(atoms: readonly Atom[], limit: number): Line[] {
  const lines: Line[] = [];
  for (const atom of atoms) {
    const line = lines.at(-1);
    const longer = line && { ...line, words: [...line.words, ...atom] };
    if (longer && widthOf(longer) <= limit) lines[lines.length - 1] = longer;
    else lines.push(...breakAtom(atom, line ? INDENT : 0, limit));
  }
  return lines;
}

/** The lines of what begins a line: more than one where it is wider than the terminal. */
function breakAtom(atom: Atom, indent: number, limit: number): Line[] {
  const words = atom.flatMap((word) => pieces(word.text, limit - DEEPER).map((text) => ({ ...word, text })));
  const lines: Line[] = [{ indent, words: [] }];
  for (const word of words) {
    const line = lines.at(-1)!;
    const longer = { ...line, words: [...line.words, word] };
    if (line.words.length === 0 || widthOf(longer) <= limit) line.words.push(word);
    else lines.push({ indent: DEEPER, words: [word] });
  }
  return lines;
}

/** Words of the same kind are painted in one go. */
function paint(words: readonly Word[], colors: Colors | undefined): string {
  const runs: Word[] = [];
  for (const word of words) {
    const run = runs.at(-1);
    if (run?.role === word.role && run.state === word.state) run.text += ` ${word.text}`;
    else runs.push({ ...word });
  }
  return runs.map((run) => (colors ? paintRun(run, colors) : run.text)).join(' ');
}

function paintRun({ text, role, state }: Word, colors: Colors): string {
  if (state === 'unknown') return colors.dim(text);
  if (role === 'label' && state === 'ok') return text;
  if (state === 'ok') return colors.green(text);
  return state === 'suspect' ? colors.yellow(text) : colors.red(text);
}

import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Holds the rules of the house: who may know whom, who may touch the machine, and how long a file may be. */

const SRC = new URL('../src/', import.meta.url);

interface Import {
  from: string;
  /** A path below src/ for a file of ours, or the name of a module. */
  to: string;
  type: boolean;
}

const files = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => [name, readFileSync(new URL(name, SRC), 'utf8')]),
);

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)|\b(?:require|getBuiltinModule)\('([^']+)'\)/g;

/** Every import of a text: static, dynamic, and the back doors. `import { type A }` alone counts as one of values. */
function importsOf(from: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, fixed, dynamic, back]) => {
    const target = fixed ?? dynamic ?? back ?? '';
    const to = target.startsWith('.') ? posix.join(posix.dirname(from), target) : target;
    return { from, to, type: type !== undefined };
  });
}

const imports = [...files].flatMap(([from, text]) => importsOf(from, text));
const own = imports.filter(({ to }) => files.has(to));
const say = ({ from, to }: Import) => `${from} imports ${to}`;

/** From the machine up. `demo` is a program of its own, the stand-in server that the demo starts. */
const LAYERS = [
  ['errors'],
  ['host'],
  [
    'flags',
    'usage',
    'actions',
    'probes',
    'ollama',
    'systemd',
    'launchd',
    'plist',
    'windows',
    'wsl',
    'containers',
    'firewall',
  ],
  ['report', 'engine', 'rooms', 'checks', 'export', 'ui'],
  ['commands'],
  ['cli'],
];
const partOf = (path: string) => path.split('/')[0]!.replace(/\.ts$/, '');
const layerOf = (path: string) => LAYERS.findIndex((layer) => layer.includes(partOf(path)));

describe('the reading of imports', () => {
  it('finds every file of ours, and none that is not there', () => {
    expect(files.size).toBeGreaterThan(50);
    expect(own.length).toBeGreaterThan(200);
    const lost = imports.filter(({ to }) => to.endsWith('.ts') && !files.has(to));
    expect(lost.map(say)).toEqual([]);
  });

  it('understands every way to import', () => {
    const text = `import a from 'one';
import type { B } from './two.ts';
import {
  c,
  type D,
} from '../three.ts';
export { e } from 'node:four';
import 'five';
const f = await import('six');
const g = process.getBuiltinModule('node:seven'), h = require('eight');
const text = "import i from 'nine'";
`;
    expect(importsOf('x/y.ts', text).map(({ to, type }) => (type ? `type ${to}` : to))).toEqual([
      'one',
      'type x/two.ts',
      'three.ts',
      'node:four',
      'five',
      'six',
      'node:seven',
      'eight',
    ]);
  });
});

describe('who may know whom', () => {
  it('every file belongs to a layer', () => {
    const homeless = [...files.keys()].filter((path) => layerOf(path) < 0 && partOf(path) !== 'demo');
    expect(homeless).toEqual([]);
  });

  it('nobody knows a layer above his own', () => {
    const upwards = own.filter(({ from, to }) => partOf(from) !== 'demo' && layerOf(to) > layerOf(from));
    expect(upwards.map(say)).toEqual([]);
  });

  it('the engine is general: it knows the actions and nothing beside itself', () => {
    const known = ['engine', 'actions', 'host', 'errors'];
    const strange = own.filter(({ from, to }) => partOf(from) === 'engine' && !known.includes(partOf(to)));
    expect(strange.map(say)).toEqual([]);
  });

  it('nobody who thinks knows who talks to people', () => {
    const talk = own.filter(({ from, to }) => partOf(to) === 'ui' && !['ui', 'commands'].includes(partOf(from)));
    expect(talk.map(say)).toEqual([]);
  });

  it('no room knows another', () => {
    const room = (path: string) => /^rooms\/([^/]+)\//.exec(path)?.[1];
    const sideways = own.filter(({ from, to }) => room(from) && room(to) && room(from) !== room(to));
    expect(sideways.map(say)).toEqual([]);
    const registry = own.filter(({ from, to }) => to === 'rooms/index.ts' && room(from));
    expect(registry.map(say)).toEqual([]);
  });

  it('the stand-in knows what is true of Ollama, and nobody knows the stand-in', () => {
    const wrong = own.filter(
      ({ from, to }) =>
        (partOf(from) === 'demo' && !['demo', 'ollama'].includes(partOf(to))) ||
        (partOf(to) === 'demo' && partOf(from) !== 'demo'),
    );
    expect(wrong.map(say)).toEqual([]);
  });

  it('there are no circles', () => {
    expect(circles(own)).toEqual([]);
  });

  it('a circle would be found', () => {
    const edge = (from: string, to: string, type = false) => ({ from, to, type });
    expect(circles([edge('a', 'b'), edge('b', 'c'), edge('c', 'a')])).toEqual(['a → b → c → a']);
    expect(circles([edge('a', 'b'), edge('b', 'a', true)])).toEqual([]);
    expect(circles([edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')])).toEqual([]);
  });
});

/** Circles of imports that exist when the program runs: types are gone by then. */
function circles(edges: readonly Import[]): string[] {
  const next = new Map<string, Import[]>();
  for (const edge of edges.filter(({ type }) => !type)) next.set(edge.from, [...(next.get(edge.from) ?? []), edge]);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (done.has(path) || trail.includes(path)) return;
    for (const { to } of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return found;
}

describe('who touches the machine', () => {
  /** Node's modules that reach nothing outside of this process. */
  const HARMLESS = ['crypto', 'path', 'path/posix', 'util', 'url', 'buffer', 'events', 'string_decoder', 'assert'];
  const MACHINE = ['execa', 'fs-extra', 'graceful-fs', 'cross-spawn'];

  /** Files outside of src/host that may, and why. */
  const EXCEPTIONS: Record<string, string> = {
    'demo/main.ts node:fs': 'the stand-in is a program of its own, and reads the file that tells its models',
    'demo/main.ts node:os': 'the stand-in is a program of its own, and answers to this machine’s name and addresses',
    'demo/stand-in.ts node:http': 'the stand-in is a server',
    'demo/ollama-routes.ts node:http': 'the stand-in is a server',
  };

  const touching = imports.filter(({ to }) => {
    const name = to.replace(/^node:/, '');
    return MACHINE.includes(to) || (builtinModules.includes(name) && !HARMLESS.includes(name));
  });

  it('src/host alone', () => {
    expect(touching.length).toBeGreaterThan(10);
    const others = touching.filter(({ from }) => partOf(from) !== 'host').map(({ from, to }) => `${from} ${to}`);
    expect([...new Set(others)].sort()).toEqual(Object.keys(EXCEPTIONS).sort());
  });

  it('nobody fetches, signals, or leaves this process but src/host and the front door', () => {
    const acts = /\b(?:fetch\(|process\.(?:kill|exit|abort|chdir|setuid|setgid|umask)\b|new WebSocket\b)/;
    const found = [...files].filter(([path, text]) => partOf(path) !== 'host' && acts.test(withoutComments(text)));
    expect(found.map(([path]) => path)).toEqual(['cli.ts']);
    expect([...(files.get('cli.ts') ?? '').matchAll(new RegExp(acts, 'g'))].map(([act]) => act)).toEqual([
      'process.exit',
    ]);
  });

  it('a clock of its own has nobody: time comes from the host', () => {
    const clock = /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bperformance\.now\(/;
    const others = [...files].filter(([path]) => !['host', 'demo'].includes(partOf(path)));
    expect(others.filter(([, text]) => clock.test(withoutComments(text))).map(([path]) => path)).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
}

it('the engine and the actions are general: nothing in them speaks of Ollama', () => {
  const general = [...files].filter(([path]) => ['engine', 'actions'].includes(partOf(path)));
  expect(general.length).toBeGreaterThan(8);
  const speaking = general.flatMap(([path, text]) =>
    text.split('\n').flatMap((line, i) => (/ollama/i.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(speaking).toEqual([]);
});

it('no file is longer than 250 lines', () => {
  const long = [...files].map(([path, text]) => [path, text.trimEnd().split('\n').length] as const);
  expect(long.filter(([, lines]) => lines > 250)).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { parseAst } from 'vite';
import { describe, expect, it } from 'vitest';
import { CHAPTERS, guide } from '../../src/checks/causes/guide.ts';
import { CAUSES, explanationOf } from '../../src/checks/causes.ts';
import { parseFlags } from '../../src/flags.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIST = Object.entries(guide());

describe('the closed list of causes', () => {
  it('has a name in kebab case for each, which is its anchor on GitHub', () => {
    expect(LIST.length).toBeGreaterThan(120);
    expect(LIST.map(([name]) => name).filter((name) => !/^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it('stands in the chapters once and whole', () => {
    const told = CHAPTERS.flatMap(({ details }) => Object.keys(details));
    expect(told.toSorted()).toEqual(Object.keys(CAUSES).toSorted());
  });

  it('has a headline for each, and no two alike', () => {
    const titles = LIST.map(([, { title }]) => title);
    expect(titles.filter((title) => title.length > 70 || title.endsWith('.') || title.trim() === '')).toEqual([]);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });

  it('says of each what it means, how it shows, and what mends it', () => {
    const lacking = LIST.filter(
      ([, { means, seen, mend, where, symptoms }]) =>
        !/^\S.*\.$/.test(means) || seen === '' || !mend[0] || where.length === 0 || symptoms.length === 0,
    );
    expect(lacking).toEqual([]);
  });

  it('gives commands that survive being shown as code', () => {
    const commands = LIST.flatMap(([, { mend }]) => mend.filter((one) => !one.endsWith('.')));
    expect(commands.filter((one) => /[`\n“”‘’]/.test(one))).toEqual([]);
  });

  it('links to sources that can be opened', () => {
    const links = LIST.flatMap(([, { sources }]) => sources);
    expect(links.length).toBeGreaterThan(LIST.length);
    expect(links.filter((link) => !/^https:\/\/[\w.-]+\/[\w./#~@%+-]*$/.test(link))).toEqual([]);
  });

  it('explains a name, and leaves strange ones alone', () => {
    expect(explanationOf('default-loopback-bind')).toEqual({
      title: CAUSES['default-loopback-bind'][0],
      means: CAUSES['default-loopback-bind'][1],
      mend: 'npx stigmer-setup-ollama',
      entry: 'docs/troubleshooting.md#default-loopback-bind',
    });
    expect(explanationOf('file-enoent')).toBeUndefined();
    expect(explanationOf('constructor')).toBeUndefined();
  });
});

describe('the words for the terminal', () => {
  it('are small, and bring nothing of the guide along', async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [`${ROOT}src/checks/causes.ts`],
      absWorkingDir: ROOT,
      bundle: true,
      minify: true,
      format: 'esm',
      metafile: true,
      write: false,
    });
    expect(outputFiles[0]?.contents.length).toBeLessThan(32 * 1024);
    expect(Object.keys(metafile.inputs).filter((path) => /guide|details/.test(path))).toEqual([]);
  });

  it('are understood by every console', () => {
    expect(Object.values(CAUSES).filter((words) => /[^\x20-\x7e]/.test(words.join('')))).toEqual([]);
  });
});

describe('the commands of this program in the guide', () => {
  const COMMAND = /npx(?: --yes)? stigmer-setup-ollama((?: [^\s`#|&;]+)*)/g;
  const texts = LIST.flatMap(([, { means, seen, mend }]) => [means, seen, ...mend]);
  const commands = texts.flatMap((text) => [...text.matchAll(COMMAND)].map(([, words]) => words!.replace(/\.$/, '')));

  it('are there', () => {
    expect(commands.length).toBeGreaterThan(50);
  });

  it.each([...new Set(commands)])('are understood:%s', (words) => {
    expect(() => parseFlags(words.split(' ').filter(Boolean), {})).not.toThrow();
  });

  it('would be refused if they were not', () => {
    expect(() => parseFlags(['doctor', '--containr', 'NAME'], {})).toThrow('--containr');
    expect(() => parseFlags(['repair'], {})).toThrow('repair');
  });
});

describe('docs/troubleshooting.md', () => {
  const page = readFileSync(`${ROOT}docs/troubleshooting.md`, 'utf8');

  it('is what the script makes of the list', () => {
    execFileSync(process.execPath, ['scripts/troubleshooting.mjs', '--check'], { cwd: ROOT, stdio: 'pipe' });
  });

  it('has each cause under its name, and every link within it leads somewhere', () => {
    const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading!);
    expect(LIST.map(([name]) => name).filter((name) => headings.filter((one) => one === name).length !== 1)).toEqual(
      [],
    );
    const targets = new Set([...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, target]) => target!));
    expect([...targets].filter((target) => !(target in CAUSES))).toEqual([]);
    expect(Object.keys(CAUSES).filter((name) => !targets.has(name))).toEqual([]);
  });

  it('is linked from the README', () => {
    expect(readFileSync(`${ROOT}README.md`, 'utf8')).toContain('(docs/troubleshooting.md)');
  });
});

interface Node {
  type: string;
  [key: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === 'string';

/** Every node below one, itself first. */
function nodesOf(node: Node): Node[] {
  const below = Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value]));
  return [node, ...below.filter(isNode).flatMap(nodesOf)];
}

/** The strings that an expression can be, as far as its file tells: through conditions, constants, tables and functions. */
function stringsOf(value: unknown, file: Node[], seen = new Set<unknown>()): string[] {
  if (!isNode(value) || seen.has(value)) return [];
  seen.add(value);
  const follow = (...next: unknown[]) => next.flatMap((one) => stringsOf(one, file, seen));
  const named = (id: unknown) =>
    file.filter(({ type, id: own }) => type.endsWith('r') && isNode(own) && own.name === (id as Node).name);
  if (value.type === 'Literal') return typeof value.value === 'string' ? [value.value] : [];
  if (value.type === 'ConditionalExpression') return follow(value.consequent, value.alternate);
  if (value.type === 'LogicalExpression') return follow(value.left, value.right);
  if (value.type === 'Identifier') return follow(...named(value).map(({ init }) => init), ...givenTo(value, file));
  if (value.type === 'ObjectExpression') return follow(...(value.properties as Node[]).map((one) => one.value));
  if (value.type === 'MemberExpression') {
    const tables = isNode(value.object) ? named(value.object) : [];
    return follow(
      ...tables.map(({ init }) => init).filter((init) => (init as Node | null)?.type === 'ObjectExpression'),
    );
  }
  if (value.type !== 'CallExpression' || !isNode(value.callee) || value.callee.type !== 'Identifier') return [];
  const { name } = value.callee;
  const called = file.filter(({ type, id }) => type === 'FunctionDeclaration' && isNode(id) && id.name === name);
  return follow(
    ...called.flatMap(nodesOf).flatMap(({ type, argument }) => (type === 'ReturnStatement' ? [argument] : [])),
  );
}

/** What a parameter of that name is given, wherever its function is called in the file. */
function givenTo({ name }: Node, file: Node[]): unknown[] {
  return file
    .filter(({ type }) => type === 'FunctionDeclaration')
    .flatMap(({ id, params }) => {
      const at = (params as Node[]).findIndex((param) => param.name === name);
      const isCall = ({ type, callee }: Node) =>
        type === 'CallExpression' && (callee as Node).name === (id as Node | null)?.name;
      return at < 0 ? [] : file.filter(isCall).map((call) => (call.arguments as unknown[])[at]);
    });
}

/**
 * The names that a text gives to checks (`cause`) and warnings (`code`). What has an exit code as well is a refusal: it
 * becomes a SetupError, whose codes are no causes.
 */
async function namesIn(text: string): Promise<string[]> {
  const { code } = await transform(text, { loader: 'ts', target: 'esnext' });
  const file = nodesOf(parseAst(code) as unknown as Node);
  return file
    .filter(({ type }) => type === 'ObjectExpression')
    .flatMap(({ properties }) => {
      const fields = new Map((properties as Node[]).map((one) => [(one.key as Node | undefined)?.name, one.value]));
      const name =
        fields.get('cause') ?? (fields.has('message') && !fields.has('exit') ? fields.get('code') : undefined);
      return stringsOf(name, file);
    });
}

describe('what the program names', () => {
  it('is found however it is written', async () => {
    const text = `
      const TABLE: Record<string, string> = { x: 'from-table' };
      const other = 'from-constant';
      function pick(): string { if (bad()) return 'from-function'; return TABLE[key] ?? 'from-default'; }
      function skip(summary: string, cause?: string) { return { summary, ...(cause ? { cause } : {}) }; }
      const all = [
        { id: 'http', cause: 'plain' }, { cause: a ? 'yes' : 'no' }, { cause: pick() }, { id: 'x', cause: other },
        skip('not asked', 'from-argument'), { code: 'warned', message }, { code: 'refused', message, exit: 4 as const }, { code: 7, message }, { cause: error },
      ];`;
    const names = await namesIn(text);
    expect(names.toSorted()).toEqual(
      [
        'from-argument',
        'from-constant',
        'from-default',
        'from-function',
        'from-table',
        'no',
        'plain',
        'warned',
        'yes',
      ].toSorted(),
    );
  });

  it('is in the list', async () => {
    const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !path.startsWith('demo'),
    );
    const named = await Promise.all(
      files.map(async (path) => {
        const names = await namesIn(readFileSync(`${ROOT}src/${path}`, 'utf8'));
        return names.map((name) => ({ name, path }));
      }),
    );
    const all = named.flat();
    expect(new Set(all.map(({ name }) => name)).size).toBeGreaterThan(30);
    const strange = all.filter(({ name }) => !Object.hasOwn(CAUSES, name)).map(({ name, path }) => `${path}: ${name}`);
    expect(strange).toEqual([]);
  });
});

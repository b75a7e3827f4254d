import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/errors.ts';
import { COMMANDS, FLAGS, parseFlags } from '../src/flags.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const rows = README.split('\n').filter((line) => line.startsWith('| '));

describe('the tables of the README', () => {
  it('name every flag, and no other', () => {
    const named = rows.flatMap((row) => [...row.matchAll(/`--([a-z-]+)/g)].map((match) => match[1]));
    const known = FLAGS.map(({ name }) => name as string);
    expect([...new Set(named)].filter((name) => !known.includes(name!))).toEqual([]);
    expect(known.filter((name) => !named.includes(name))).toEqual([]);
  });

  it('name every command, and no other', () => {
    const start = rows.findIndex((row) => row.startsWith('| command |'));
    const commands = rows.slice(start + 2, start + 2 + Object.keys(COMMANDS).length);
    expect(commands.map((row) => /^\| `(\w+)`/.exec(row)?.[1])).toEqual(Object.keys(COMMANDS));
  });

  it('name every exit code', () => {
    const codes = rows.flatMap((row) => (/^\| (\d+(?:, \d+)*) \|/.exec(row)?.[1] ?? '').split(', ').filter(Boolean));
    expect(codes.map(Number)).toEqual(Object.values(EXIT));
  });
});

/** Every way in which a page calls this program, in blocks of code and in lines of text: the words after its name. */
const calls = (page: string) =>
  [
    ...page.matchAll(/(?:npx (?:--yes |-p \S+ )*|sudo )stigmer-setup-ollama(?:@[\d.]+)?((?: (?!#|>)[^\s`|;&\\)]+)*)/g),
  ].map(([, words = '']) => words.trim().split(' ').filter(Boolean));
const PAGES = ['README.md', ...['architecture', 'platforms', 'security'].map((name) => `docs/${name}.md`)];
const OTHERS = ['docs/troubleshooting.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];
const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

describe('the pages', () => {
  it.each(PAGES)('%s calls the program by words that it understands', (name) => {
    for (const words of calls(read(name))) expect(() => parseFlags(words, {}), words.join(' ')).not.toThrow();
  });

  it('call it often enough for that to mean something', () => {
    expect(calls(README).length).toBeGreaterThan(12);
  });

  it.each([...PAGES, ...OTHERS])('%s links to files and headings that are there', (name) => {
    const page = read(name);
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, text]) => slug(text ?? ''));
    for (const [, target = ''] of page.matchAll(/\]\(((?!https?:)[^)\s]+)\)/g)) {
      const [file = '', heading] = target.split('#');
      if (file) expect(existsSync(new URL(file, new URL(`../${name}`, import.meta.url))), target).toBe(true);
      else
        expect(
          headings.length > 0 && (headings.includes(heading ?? '') || page.includes(`id="${heading}"`)),
          target,
        ).toBe(true);
    }
  });

  it('name no command of npm that package.json does not have', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...PAGES, ...OTHERS].flatMap((name) =>
      [...read(name).matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script),
    );
    expect(named.filter((script) => !(script! in scripts))).toEqual([]);
  });

  it('the README, which is in the package, is not too long', () => {
    expect(Buffer.byteLength(README)).toBeLessThanOrEqual(18 * 1024);
  });

  it('the changelog begins with the version in package.json', () => {
    expect(/^## (\S+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(JSON.parse(read('package.json')).version);
  });
});

/** How GitHub makes an anchor of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

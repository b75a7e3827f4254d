import fc from 'fast-check';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { type Link, type LinkState, renderPath, tellPath } from '../../src/ui/path.ts';
import { cells } from '../../src/ui/width.ts';

const FIREWALL: Link[] = [
  { label: 'agent-runner', state: 'ok' },
  { label: 'host.docker.internal', state: 'ok' },
  { label: '172.17.0.1', state: 'ok' },
  { label: '*:11434 ollama 0.32.3', state: 'ok', by: { state: 'broken', note: 'ufw drops docker0' } },
  { label: '2 models', state: 'ok' },
];

const NAMELESS: Link[] = [
  { label: 'agent-runner', state: 'ok' },
  { label: 'host.docker.internal', state: 'broken', note: 'does not resolve' },
  { label: '172.17.0.1', state: 'unknown' },
  { label: '*:11434 ollama', state: 'unknown' },
];

const HEALTHY: Link[] = FIREWALL.map(({ label }) => ({ label, state: 'ok' }));

const draw = (path: Link[], columns: number, unicode = true) => renderPath(path, { columns, unicode });

describe('the picture of a firewall that drops', () => {
  it('is one line where it fits', () => {
    expect(draw(FIREWALL, 120)).toEqual([
      'agent-runner ── host.docker.internal ── 172.17.0.1 ──╳ ufw drops docker0 ── *:11434 ollama 0.32.3 ── 2 models',
    ]);
    expect(draw(FIREWALL, 109)).toHaveLength(1);
    expect(draw(FIREWALL, 108)).toHaveLength(2);
    expect(draw(FIREWALL, Number.POSITIVE_INFINITY)).toHaveLength(1);
  });

  it('breaks at the dashes where it does not', () => {
    expect(draw(FIREWALL, 80)).toEqual([
      'agent-runner ── host.docker.internal ── 172.17.0.1 ──╳ ufw drops docker0',
      '  ── *:11434 ollama 0.32.3 ── 2 models',
    ]);
    expect(draw(FIREWALL, 40)).toEqual([
      'agent-runner ── host.docker.internal',
      '  ── 172.17.0.1 ──╳ ufw drops docker0',
      '  ── *:11434 ollama 0.32.3 ── 2 models',
    ]);
  });

  it('is drawn in ASCII where that is all there is', () => {
    expect(draw(FIREWALL, 120, false)).toEqual([
      'agent-runner -- host.docker.internal -- 172.17.0.1 --X ufw drops docker0 -- *:11434 ollama 0.32.3 -- 2 models',
    ]);
    expect(draw(FIREWALL, 40, false)).toEqual([
      'agent-runner -- host.docker.internal',
      '  -- 172.17.0.1 --X ufw drops docker0',
      '  -- *:11434 ollama 0.32.3 -- 2 models',
    ]);
  });

  it('has colours that only repeat what the signs say', () => {
    const colors = pc.createColors(true);
    const lines = renderPath(FIREWALL, { columns: 80, unicode: true, colors });
    expect(lines).toEqual([
      `agent-runner ${colors.green('──')} host.docker.internal ${colors.green('──')} 172.17.0.1 ${colors.red('──╳ ufw drops docker0')}`,
      `  ${colors.green('──')} *:11434 ollama 0.32.3 ${colors.green('──')} 2 models`,
    ]);
    expect(renderPath(FIREWALL, { columns: 80, unicode: true, colors: pc.createColors(false) })).toEqual(
      draw(FIREWALL, 80),
    );
  });

  it('is told in a sentence', () => {
    expect(tellPath(FIREWALL)).toBe(
      'The way from agent-runner to 2 models is broken before *:11434 ollama 0.32.3: ufw drops docker0.',
    );
  });
});

describe('what is behind a broken link', () => {
  it('is drawn as not known where it could not be asked', () => {
    expect(draw(NAMELESS, 120)).toEqual([
      'agent-runner ──╳ does not resolve ── host.docker.internal ┄┄ 172.17.0.1 ┄┄ *:11434 ollama',
    ]);
    expect(draw(NAMELESS, 40)).toEqual([
      'agent-runner ──╳ does not resolve',
      '  ── host.docker.internal ┄┄ 172.17.0.1',
      '  ┄┄ *:11434 ollama',
    ]);
    expect(draw(NAMELESS, 120, false)).toEqual([
      'agent-runner --X does not resolve -- host.docker.internal .. 172.17.0.1 .. *:11434 ollama',
    ]);
    expect(tellPath(NAMELESS)).toBe(
      'The way from agent-runner to *:11434 ollama is broken before host.docker.internal: does not resolve.',
    );
  });

  it('is dim', () => {
    const colors = pc.createColors(true);
    expect(renderPath(NAMELESS.slice(1, 3), { columns: 80, unicode: true, colors })).toEqual([
      `${colors.red('╳')} ${colors.red('host.docker.internal (does not resolve)')} ${colors.dim('┄┄')} ${colors.dim('172.17.0.1')}`,
    ]);
  });
});

describe('a link', () => {
  const station = (state: LinkState, note?: string): Link => ({ label: 'b', state, ...(note ? { note } : {}) });
  const by = (of: LinkState, state: LinkState, note?: string): Link => ({
    ...station(state),
    by: { state: of, ...(note ? { note } : {}) },
  });
  it.each([
    [station('ok'), 'a ── b'],
    [station('ok', 'by gateway'), 'a ── by gateway ── b'],
    [station('broken'), 'a ──╳── b'],
    [station('suspect'), 'a ──?── b'],
    [station('suspect', 'a VPN'), 'a ──? a VPN ── b'],
    [station('unknown'), 'a ┄┄ b'],
    [station('unknown', 'not asked'), 'a ┄┄ not asked ┄┄ b'],
    [by('broken', 'ok'), 'a ──╳── b'],
    [by('broken', 'unknown'), 'a ──╳┄┄ b'],
    [by('broken', 'unknown', 'drops'), 'a ──╳ drops ┄┄ b'],
    [by('ok', 'broken'), 'a ── ╳ b'],
    [by('ok', 'suspect'), 'a ── ? b'],
    [by('ok', 'unknown'), 'a ── b (not known)'],
    [{ ...by('ok', 'broken'), note: 'not running' }, 'a ── ╳ b (not running)'],
    [{ ...station('ok'), label: '' }, 'a ── ?'],
  ])('%j is drawn as %s', (link, line) => {
    expect(draw([{ label: 'a', state: 'ok' }, link], 80)).toEqual([line]);
  });

  it('that comes first tells its state itself', () => {
    expect(draw([station('broken', 'not running')], 80)).toEqual(['╳ b (not running)']);
    expect(draw([station('unknown')], 80, false)).toEqual(['b (not known)']);
    expect(draw([], 80)).toEqual([]);
  });
});

describe('the sentence', () => {
  it.each([
    [HEALTHY, 'The way from agent-runner to 2 models is open.'],
    [[], ''],
    [[{ label: 'a', state: 'broken', note: 'is not there' }], 'a is broken: is not there.'],
    [
      [
        { label: 'a', state: 'ok' },
        { label: 'b', state: 'suspect' },
      ],
      'The way from a to b may be broken before b.',
    ],
    [
      [
        { label: 'a', state: 'suspect' },
        { label: 'b', state: 'broken', by: { state: 'ok' }, note: 'not running' },
      ],
      'The way from a to b is broken at b: not running.',
    ],
    [
      [
        { label: 'a', state: 'ok' },
        { label: 'b', state: 'unknown' },
      ],
      'The way from a to b is open as far as it could be seen, but not all of it could.',
    ],
  ] as [Link[], string][])('of %j', (path, sentence) => {
    expect(tellPath(path)).toBe(sentence);
  });
});

describe('names that are not ASCII', () => {
  const wide: Link[] = [
    { label: 'データ処理-ランナー', state: 'ok' },
    { label: 'host.docker.internal', state: 'ok' },
  ];

  it('are measured in cells', () => {
    expect(draw(wide, 43)).toEqual(['データ処理-ランナー ── host.docker.internal']);
    expect(draw(wide, 42)).toEqual(['データ処理-ランナー', '  ── host.docker.internal']);
  });

  it('are broken where they are wider than the terminal', () => {
    expect(draw([{ label: 'データ'.repeat(5), state: 'ok' }], 20)).toEqual(['データデータデー', '    タデータデータ']);
  });
});

it('at every width no line is wider than the terminal, none ends in a blank, and nothing is lost', () => {
  const words = fc.string({
    unit: fc.constantFrom('a', '-', '.', '語', 'e\u0301', ' ', '7'),
    minLength: 1,
    maxLength: 60,
  });
  const state = fc.constantFrom<LinkState>('ok', 'broken', 'suspect', 'unknown');
  const edge = fc.record({ state, note: words }, { requiredKeys: ['state'] });
  const link = fc.record({ label: words, state, note: words, by: edge }, { requiredKeys: ['label', 'state'] });
  fc.assert(
    fc.property(
      fc.array(link, { maxLength: 6 }),
      fc.integer({ min: 0, max: 130 }),
      fc.boolean(),
      (path, columns, unicode) => {
        const lines = renderPath(path, { columns, unicode });
        for (const line of lines) {
          expect(cells(line)).toBeLessThanOrEqual(Math.max(columns, 20));
          expect(line).toBe(line.trimEnd());
          if (!unicode) expect(line).toMatch(/^[\x20-\x7e]*$/);
        }
        const whole = renderPath(path, { columns: Number.POSITIVE_INFINITY, unicode });
        const letters = (text: string[]) => text.join('').replaceAll(' ', '');
        expect(letters(lines)).toBe(letters(whole));
      },
    ),
  );
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parsePort } from '../../src/ollama/go-net.ts';
import { checkWanted, listenAddress, parseHost, sameBinding, scopeOf } from '../../src/ollama/host-value.ts';

type Row = [raw: string, scheme: string, host: string, port: number, path: string, warned: boolean, scope: string];

/** What Ollama's own `Host()` (commit fb30760) and Go 1.26's `net.Listen` made of these values on Debian 12. */
const recorded: Row[] = JSON.parse(readFileSync(new URL('fixtures/host-values.json', import.meta.url), 'utf8'));

test.each(recorded)('%j is read as Ollama reads it', (raw, scheme, host, port, path, warned, scope) => {
  const value = parseHost(raw);
  expect(value).toEqual({ scheme, host, port, path, warnings: warned ? ['invalid-port'] : [] });
  expect(scopeOf(value)).toBe(scope);
});

test('an unset variable is the default', () => {
  expect(parseHost(undefined)).toEqual(parseHost(''));
  expect(listenAddress(parseHost(undefined))).toBe('127.0.0.1:11434');
});

const octet = fc.integer({ min: 0, max: 255 });
const anyPort = fc.integer({ min: 1, max: 65535 });
const ipv4 = fc.tuple(octet, octet, octet, octet).map((bytes) => bytes.join('.'));
const address = fc.oneof(ipv4, fc.ipV6(), fc.constantFrom('0.0.0.0', '::', '::1', '127.0.0.1', 'localhost'));
/** Strings of the pieces that odd values are made of. */
const odd = fc
  .array(
    fc.constantFrom(
      '0.0.0.0',
      '127.0.0.1',
      '::',
      '::1',
      '[',
      ']',
      ':',
      '11434',
      '0',
      'http://',
      'https://',
      '/',
      '"',
      ' ',
      '%',
      'a',
      ',',
      '\n',
      '：',
      '“',
    ),
  )
  .map((parts) => parts.join(''));
const anything = fc.oneof(fc.string({ unit: 'binary' }), odd);

describe('laws', () => {
  it('reads any text', () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const { port } = parseHost(raw);
        expect(Number.isInteger(port) && port >= 0 && port <= 65535).toBe(true);
        scopeOf(parseHost(raw));
      }),
    );
  });

  it('prints what it reads back', () => {
    fc.assert(
      fc.property(address, anyPort, (host, port) => {
        for (const raw of [host, `[${host}]:${port}`, `http://[${host}]:${port}/`]) {
          const value = parseHost(raw);
          const again = parseHost(listenAddress(value));
          expect([again.host, again.port]).toEqual([value.host, value.port]);
        }
      }),
    );
  });

  it('does not mind blanks and quotes around a value', () => {
    fc.assert(
      fc.property(address, anyPort, fc.constantFrom('"', "'", ' ', '\t', ' "', '\u00a0'), (host, port, wrap) => {
        expect(sameBinding(`${wrap}[${host}]:${port}${[...wrap].reverse().join('')}`, `[${host}]:${port}`)).toBe(true);
      }),
    );
  });

  it('sameBinding is symmetric, and tells ports apart', () => {
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        expect(sameBinding(a, b)).toBe(sameBinding(b, a));
      }),
    );
    fc.assert(
      fc.property(address, anyPort, anyPort, (host, a, b) => {
        expect(sameBinding(`[${host}]:${a}`, `[${host}]:${b}`)).toBe(a === b);
      }),
    );
  });

  it('accepts every address, and what it accepts stays itself', () => {
    fc.assert(
      fc.property(address, anyPort, (host, port) => {
        const checked = checkWanted(`[${host}]:${port}`);
        expect(checked).toHaveProperty('canonical');
        if ('canonical' in checked) expect(checkWanted(checked.canonical)).toEqual(checked);
      }),
    );
  });

  it('whatever it accepts binds the same as the raw value and is safe to write; whatever it advises is accepted', () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const checked = checkWanted(raw);
        if ('refused' in checked) {
          expect(checkWanted(checked.write)).toHaveProperty('canonical', checked.write);
          expect(checked.refused).toMatch(/^Ollama [^\n]+; write \S+ instead\.$/);
        } else {
          expect(sameBinding(raw, checked.canonical)).toBe(true);
          expect(checked.canonical).toMatch(/^[\w.:%[\]-]+:[1-9][0-9]*$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  ['0.0.0.0', '::', true],
  ['0.0.0.0:11434', ':11434', true],
  ['[::ffff:0.0.0.0]:11434', '0.0.0.0', true],
  ['http://0.0.0.0', '0.0.0.0', false],
  ['http://0.0.0.0', '0.0.0.0:80', true],
  ['https://0.0.0.0:11434/v1', '0.0.0.0', true],
  ['0.0.0.0:abc', '0.0.0.0', true],
  [undefined, '0.0.0.0', false],
  [undefined, '127.0.0.1:11434', true],
  ['localhost', '127.0.0.1', true],
  ['[::ffff:7f00:1]:11434', '127.0.0.1', true],
  ['::1', '127.0.0.1', false],
  ['127.0.0.2', '127.0.0.1', false],
  ['[0:0::1]:11434', '::1', true],
  ['[fe80::1%eth0]:11434', '[fe80::1%eth1]:11434', false],
  ['Example.com', 'example.com:11434', true],
  ['*', '0.0.0.0', false],
  [':0', ':0', false],
])('sameBinding(%j, %j) is %s', (a, b, same) => {
  expect(sameBinding(a, b)).toBe(same);
});

test.each([
  ['0.0.0.0', '0.0.0.0:11434'],
  [' "0.0.0.0" ', '0.0.0.0:11434'],
  [':8080', '0.0.0.0:8080'],
  ['::', '[::]:11434'],
  ['http://0.0.0.0:11434/', '0.0.0.0:11434'],
  ['http://0.0.0.0:80', '0.0.0.0:80'],
  ['0.0.0.0:+80', '0.0.0.0:80'],
  ['172.17.0.1', '172.17.0.1:11434'],
  ['localhost:11434', 'localhost:11434'],
  ['127.0.0.1', '127.0.0.1:11434'],
  ['fe80::1%eth0', '[fe80::1%eth0]:11434'],
])('--host %j becomes %s', (raw, canonical) => {
  expect(checkWanted(raw)).toEqual({ canonical, value: parseHost(canonical) });
});

test.each([
  ['', 'empty', '0.0.0.0:11434'],
  ['/', 'empty', '0.0.0.0:11434'],
  ['0.0.0.0,11434', 'several-values', '0.0.0.0:11434'],
  ['127.0.0.1:8080,10.0.0.1:8080', 'several-values', '127.0.0.1:8080'],
  ['“0.0.0.0:8080”', 'curly-quotes', '0.0.0.0:8080'],
  ['0.0.0.0：8080', 'full-width', '0.0.0.0:8080'],
  ['http://0.0.0.0', 'scheme-without-port', '0.0.0.0:11434'],
  ['https://0.0.0.0', 'scheme-without-port', '0.0.0.0:11434'],
  ['https://0.0.0.0:8080', 'https', '0.0.0.0:8080'],
  ['HTTP://0.0.0.0:8080', 'unknown-scheme', '0.0.0.0:8080'],
  ['http://0.0.0.0:11434/v1', 'path', '0.0.0.0:11434'],
  ['0.0.0.0/0', 'path', '0.0.0.0:11434'],
  ['8080', 'port-only', '0.0.0.0:8080'],
  ['0', 'not-an-address', '0.0.0.0:11434'],
  ['*', 'not-an-address', '0.0.0.0:11434'],
  ['*:8080', 'not-an-address', '0.0.0.0:8080'],
  [':::11434', 'not-an-address', '0.0.0.0:11434'],
  ['[fe80::1%a\nb]:80', 'not-an-address', '0.0.0.0:11434'],
  ['ollama.com', 'hostname', '0.0.0.0:11434'],
  ['host.docker.internal:8080', 'hostname', '0.0.0.0:8080'],
  ['C:\\Program Files\\ollama app.exe', 'hostname', '0.0.0.0:11434'],
  ['::8080', 'port-in-address', '[::]:8080'],
  ['::1:8080', 'port-in-address', '[::1]:8080'],
  ['0.0.0.0:', 'unparsable-port', '0.0.0.0:11434'],
  ['127.0.0.1:66000', 'unparsable-port', '127.0.0.1:11434'],
  ['0.0.0.0:8080;', 'unparsable-port', '0.0.0.0:8080'],
  ['0.0.0.0:8080 #lan', 'unparsable-port', '0.0.0.0:8080'],
  ['0.0.0.0:0', 'port-zero', '0.0.0.0:11434'],
])('--host %j is refused as %s and %s advised', (raw, code, write) => {
  expect(checkWanted(raw)).toMatchObject({ code, write });
});

test('the sentence says how Ollama reads the value', () => {
  expect(checkWanted('http://0.0.0.0')).toHaveProperty(
    'refused',
    'Ollama reads "http://0.0.0.0" as port 80, as it is a URL without a port; write 0.0.0.0:11434 instead.',
  );
  expect(checkWanted('\u200b0.0.0.0')).toHaveProperty('refused', expect.stringContaining('"\\u{200b}0.0.0.0"'));
});

test('ports as strconv.ParseInt reads them', () => {
  for (const [text, port] of [
    ['080', 80],
    ['+1', 1],
    ['-0', 0],
    ['65535', 65535],
  ] as const)
    expect(parsePort(text)).toBe(port);
  for (const text of ['', '+', '-1', '65536', '0x50', '1_0', ' 80', '80 ', '1e3', '٣', '９'])
    expect(parsePort(text)).toBeUndefined();
});

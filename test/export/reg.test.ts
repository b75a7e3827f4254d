import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RegistryChange } from '../../src/actions/registry.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { reg, regUndo } from '../../src/export/reg.ts';
import { regFile } from '../../src/export/reg-file.ts';
import { parseRegFile } from '../../src/windows/reg-file.ts';
import { ALL, planned, setup, undo } from '../windows/journey.ts';
import { USER, Windows } from '../windows/machine.ts';

const request = (wanted: string) => ({ wanted, version: '1.2.3' });
/** As a regedit that was never told of this program reads it. */
const read = (text: string) => parseRegFile(Buffer.from(text, 'utf16le'));
const lines = (text: string) => text.split('\r\n');

describe('the change as a .reg file', () => {
  it.each([ALL, '192.168.1.20:8080', '[::1]:11434', '[fe80::1%eth0]:11434'])(
    'has what setup writes, value and type: %s',
    async (wanted) => {
      const windows = new Windows().install();
      const { changes } = (await planned(windows, 'windows-app', wanted)).plan as Plan;
      const { name, to } = changes[0] as RegistryChange;
      expect(read(reg(request(wanted)))).toEqual([{ name, ...to }]);
      await setup(windows, 'windows-app', wanted, async () => {});
      expect(read(reg(request(wanted)))).toEqual([windows.registry.get(USER, 'OLLAMA_HOST')]);
      expect(await undo(windows, 'windows-app')).toBe(true);
      expect(windows.registry.get(USER, 'OLLAMA_HOST')).toBeUndefined();
    },
  );

  it('begins as the format wants it, names the full key, and has CR LF throughout', () => {
    for (const text of [reg(request(ALL)), regUndo(request(ALL))]) {
      expect(lines(text).slice(0, 2)).toEqual(['Windows Registry Editor Version 5.00', '']);
      expect(text).toContain('\r\n\r\n[HKEY_CURRENT_USER\\Environment]\r\n"OLLAMA_HOST"=');
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      expect(text).toMatch(/^[\r\n\x20-\x7e]*\r\n$/);
      const [, , ...body] = lines(text);
      expect(body.filter((line) => !/^(?:;.*|\[.*\]|".*)?$/.test(line))).toEqual([]);
    }
  });

  it('says who made it and with which value, how it takes effect, and what takes it back', () => {
    const text = reg(request(ALL));
    for (const said of [
      'stigmer-setup-ollama 1.2.3',
      `OLLAMA_HOST=${ALL}`,
      'quit Ollama',
      'sign-in',
      `setx OLLAMA_HOST ${ALL}`,
      'export reg-undo',
      'error 10049',
      'http://127.0.0.1:11434',
    ])
      expect(text).toContain(`${said}`);
    expect(reg(request('192.168.1.20:11434'))).not.toContain('10049');
    expect(reg(request('0.0.0.0:8080'))).toContain('http://127.0.0.1:8080');
  });

  it('has an inverse that removes the value', () => {
    const text = regUndo(request(ALL));
    expect(lines(text).filter((line) => line.startsWith('"'))).toEqual(['"OLLAMA_HOST"=-']);
    expect(text).toContain('stigmer-setup-ollama 1.2.3');
  });
});

describe('the writer', () => {
  const change: RegistryChange = {
    type: 'registry',
    id: 'x',
    title: 'x',
    subject: 'x',
    identity: 'self',
    key: 'HKLM\\SOFTWARE\\A b',
    name: 'Q"\\',
    from: null,
    to: { kind: 'REG_SZ', data: 'C:\\x "y"' },
  };
  const notes = { what: 'x', version: '1', notes: ['a', ''] };

  it('escapes quotes and backslashes, which the reader takes back', () => {
    const text = regFile(change, notes);
    expect(text).toContain('[HKEY_LOCAL_MACHINE\\SOFTWARE\\A b]\r\n"Q\\"\\\\"="C:\\\\x \\"y\\""');
    expect(read(text)).toEqual([{ name: 'Q"\\', kind: 'REG_SZ', data: 'C:\\x "y"' }]);
    expect(text).toContain('\r\n; a\r\n;\r\n');
  });

  it('refuses what it cannot say in ASCII or as plain text', () => {
    expect(() => regFile({ ...change, to: { kind: 'REG_SZ', data: 'é' } }, notes)).toThrow(RangeError);
    expect(() => regFile({ ...change, to: { kind: 'REG_MULTI_SZ', data: 'a' } }, notes)).toThrow(RangeError);
  });
});

it('what is exported is of one template', () => {
  const templates = readdirSync('templates').filter((name) => /\.reg/.test(name));
  expect(templates).toEqual(['ollama-host.reg.tmpl']);
  expect(readFileSync(`templates/${templates[0]}`, 'utf8')).not.toMatch(/[^\n\x20-\x7e]/);
});

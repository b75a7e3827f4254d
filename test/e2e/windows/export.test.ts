import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { REPO } from '../rig/places.ts';
import { windowsUnavailable } from './rig/available.ts';
import { type Windows, withWindows } from './rig/windows.ts';

const TIMEOUT = 400_000;
const ALL = '0.0.0.0:11434';
const KEY = 'HKCU\\Environment';

/** What the user of another system sends over. */
const onLinux = (...words: string[]) => execFileSync(process.execPath, [`${REPO}/dist/cli.js`, 'export', ...words]);

async function importing(win: Windows, bytes: Buffer): Promise<number> {
  const file = `${win.folders.profile}\\Łódź host.reg`;
  win.files.write(file, bytes);
  return (await win.run(win.system('reg.exe'), ['import', file])).code;
}

describe.skipIf(windowsUnavailable())('export reg', () => {
  it(
    'writes into the registry what setup writes, and its inverse takes it out',
    () =>
      withWindows('export', { user: 'Jürgen Müller', install: 'app' }, async (win) => {
        const before = await win.reg.values(KEY);
        const printed = await win.product(['export', 'reg']);
        expect([printed.code, printed.stderr]).toEqual([0, '']);
        expect(printed.bytes.stdout.equals(onLinux('reg'))).toBe(true);
        expect(await importing(win, printed.bytes.stdout)).toBe(0);
        const imported = await win.reg.values(KEY);
        expect(imported).toEqual({ ...before, OLLAMA_HOST: { type: 'REG_SZ', value: ALL } });
        const found = await win.product(['--check', '--json']);
        expect([found.code, found.report.outcome]).toEqual([0, 'unchanged']);

        expect(await importing(win, onLinux('reg-undo'))).toBe(0);
        expect(await win.reg.values(KEY)).toEqual(before);
        expect((await win.product(['--yes', '--json'])).code).toBe(0);
        expect(await win.reg.values(KEY)).toEqual(imported);

        // What Windows PowerShell 5.1 makes of it on the way into a file.
        const utf16 = Buffer.from(`\ufeff${onLinux('reg', '--host', '0.0.0.0:8080')}`, 'utf16le');
        expect(await importing(win, utf16)).toBe(0);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: '0.0.0.0:8080' });
      }),
    TIMEOUT,
  );
});

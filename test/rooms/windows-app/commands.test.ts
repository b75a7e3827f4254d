import { describe, expect, it } from 'vitest';
import { run } from '../../commands/runs.ts';
import { SYSTEM, USER, Windows } from '../../windows/machine.ts';

const FIREWALL = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';
const busy = (windows: Windows, name: string) =>
  windows.command([`${SYSTEM}\\${name}.exe`], { code: null, error: 'ETIMEDOUT' });

describe('setup', () => {
  it('says before its question what the variable breaks and what does without it, to people and in JSON', async () => {
    const windows = new Windows().install('0.17.0').withDatabase('0').login();
    const before = windows.registry.snapshot();
    const { exit, error, said, report } = await run(windows, ['--no-container']);
    expect([exit, error?.code]).toEqual([2, 'no-terminal']); // where the question would have come
    const text = said.join('\n');
    expect(text).toMatch(/error 10049.*"Expose Ollama to the network" does the same for this server alone/);
    expect(text).toMatch(/window of Ollama 0\.17\.0 does not get past loading/);
    const { warnings } = report;
    expect(warnings.find(({ code }) => code === 'client-uses-0.0.0.0-as-target')?.message).toContain('Expose');
    expect(warnings.filter(({ code }) => !/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(code))).toEqual([]);
    expect(windows.registry.snapshot()).toEqual(before);
  });

  it('does nothing, and does not call that success, where Windows does not say what runs', async () => {
    const windows = new Windows().install().withDatabase('0').login();
    busy(windows, 'tasklist');
    const before = windows.registry.snapshot();
    const { exit, error, report } = await run(windows, ['--yes', '--no-container']);
    expect([exit, report.changed]).toEqual([6, false]);
    expect(error?.message).toMatch(/tasklist\.exe.*did not answer in time/);
    expect(error?.remedy).toContain('tasklist.exe /FO CSV /NH');
    expect(windows.registry.snapshot()).toEqual(before);
  });
});

describe('doctor', () => {
  it('names two servers on the port, what clients cannot call, and the firewall', async () => {
    const windows = new Windows().install().withDatabase('0');
    const hand = windows.serve('127.0.0.1:11434');
    windows.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '0.0.0.0:11434');
    windows.registry.set(`${FIREWALL}\\PublicProfile`, 'EnableFirewall', 'REG_DWORD', '0x1');
    windows.login();
    const app = windows.tasks.find(({ parent }) => parent === windows.app?.pid);
    const { report } = await run(windows, ['doctor', '--no-container', '--target', 'windows-app']);
    const check = (cause: string) => report.checks.find((one) => one.cause === cause);
    const shared = check('win-loopback-and-wildcard-share-port')?.summary;
    for (const { pid } of [hand, app!]) expect(shared).toContain(`process ${pid} (ollama.exe)`);
    expect(check('client-uses-0.0.0.0-as-target')?.status).toBe('warn');
    expect(check('win-firewall-inbound')?.remedy).toContain('profile=private');
  });

  it('names a port that Windows keeps to itself, of an app that does not get it', async () => {
    const windows = new Windows().install().withDatabase('0');
    windows.task('ollama app.exe');
    windows.excluded = '     11396       11495\r\n';
    const { report, exit } = await run(windows, ['doctor', '--no-container']);
    expect(exit).toBe(10);
    expect(report.checks.map(({ cause }) => cause)).toContain('win-excluded-port-range');
  });

  it('tells where to look whether the switch is on that this Node cannot read', async () => {
    const windows = new Windows().install().withDatabase('no-reader').login();
    const { report } = await run(windows, ['doctor', '--no-container']);
    const told = report.checks.find(({ cause }) => cause === 'win-app-switch-unknown')?.summary;
    expect(told).toMatch(/Node 22\.13 can\. Ollama's window tells, under Settings\./);
  });
});

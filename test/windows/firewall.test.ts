import { describe, expect, it } from 'vitest';
import { windowsChecks } from '../../src/checks/windows.ts';
import { parseHost } from '../../src/ollama/host-value.ts';
import { firewallOnWindows, firewallWords } from '../../src/windows/firewall.ts';
import { parseRule, readFirewall } from '../../src/windows/firewall-rules.ts';
import { Windows } from './machine.ts';

const LOCAL = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';
const POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall';
const block =
  'v2.33|Action=Block|Active=TRUE|Dir=In|Protocol=6|Profile=Public|App=C:\\users\\me\\appdata\\local\\programs\\ollama\\ollama.exe|Name=ollama.exe|Desc=ollama.exe|Defer=User|';
const allow = block.replace('Block', 'Allow');
const other = 'v2.33|Action=Allow|Active=TRUE|Dir=In|Protocol=6|App=C:\\other.exe|Name=x|';

/** A PC with these rules, and these values of its profiles: `StandardProfile\EnableFirewall`, or with POLICY before it. */
function machine(
  rules: readonly string[],
  values: Record<string, 0 | 1> = {},
  ofPolicy: readonly string[] = [],
): Windows {
  const windows = new Windows();
  for (const name of ['DomainProfile', 'StandardProfile', 'PublicProfile'])
    windows.registry.set(`${LOCAL}\\${name}`, 'EnableFirewall', 'REG_DWORD', '0x1');
  for (const [path, value] of Object.entries(values)) {
    const at = path.lastIndexOf('\\');
    const key = path.startsWith('HKLM') ? path.slice(0, at) : `${LOCAL}\\${path.slice(0, at)}`;
    windows.registry.set(key, path.slice(at + 1), 'REG_DWORD', `0x${value}`);
  }
  for (const [place, all] of [
    [LOCAL, rules],
    [POLICY, ofPolicy],
  ] as const)
    for (const [i, rule] of all.entries()) windows.registry.set(`${place}\\FirewallRules`, `{${i}}`, 'REG_SZ', rule);
  return windows;
}

const words = (...rules: string[]) => firewallOnWindows(machine(rules), 'ollama.exe', 11434);
const wordsOf = (windows: Windows) => firewallOnWindows(windows, 'ollama.exe', 11434);
const everywhere = (value: string, path = POLICY): Record<string, 0> =>
  Object.fromEntries(['Domain', 'Private', 'Public'].map((name) => [`${path}\\${name}Profile\\${value}`, 0]));

describe('a rule', () => {
  it('is read', () => {
    expect(parseRule(block)).toEqual({
      action: 'Block',
      profiles: ['Public'],
      app: 'C:\\users\\me\\appdata\\local\\programs\\ollama\\ollama.exe',
      ports: undefined,
      remote: undefined,
      name: 'ollama.exe',
    });
    for (const not of ['Active=FALSE', 'Dir=Out', 'Protocol=17']) {
      const [name] = not.split('=');
      expect(parseRule(block.replace(new RegExp(`${name}=\\w+`), not))).toBeUndefined();
    }
  });

  it('that blocks is named, which beats every other, and who can remove it', async () => {
    const said = await words(block, allow);
    expect(said).toMatch(/a rule blocks ollama\.exe for public networks, whatever others allow/);
    expect(said).toMatch(/Only an administrator.*delete rule name=all dir=in program="C:\\users/);
  });

  it('is not pasted with a path that the code page may have spoilt', async () => {
    expect(await words(block.replace('\\me\\', '\\太郎\\'))).toContain('wf.msc');
  });

  it('that lets in is named, by program or by port', async () => {
    expect(await words(allow.replace('Profile=Public', 'Profile=Private|Profile=Domain'))).toContain(
      'domain and private networks',
    );
    const ports = 'v2.33|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=11430-11440|Name=x|';
    expect(await words(ports)).toContain('every network');
    expect(await words(ports.replace('11430-11440', '443'))).toContain('no rule is about');
  });

  it('that is not there: what may come, and how private networks are let in', async () => {
    expect(await words(other)).toMatch(/no rule is about ollama\.exe or port 11434.*kept out;.*profile=private/);
    expect(firewallWords(undefined, 'ollama.exe', 11434)).toBe('not examined');
  });
});

describe('the switches', () => {
  const off = { 'DomainProfile\\EnableFirewall': 0, 'StandardProfile\\EnableFirewall': 0 } as const;

  it('are told by the kind of network', async () => {
    const said = await wordsOf(machine([other], off));
    expect(said).toMatch(/kept out where it is on;.*It is off on domain and private networks, where it keeps nobody/);
    const all = machine([block], { ...off, 'PublicProfile\\EnableFirewall': 0 });
    expect(await wordsOf(all)).toMatch(/^Windows Firewall is off: it keeps nobody from port 11434/);
  });

  it('of the group policy count before those of the PC, by the old name of private networks too', async () => {
    const { profiles } = (await readFirewall(
      machine([], {
        ...off,
        [`${POLICY}\\DomainProfile\\EnableFirewall`]: 1,
        [`${POLICY}\\StandardProfile\\EnableFirewall`]: 1,
      }),
      'ollama.exe',
      11434,
    ))!;
    expect(profiles.map(({ on }) => on)).toEqual([true, true, true]);
    const managed = machine([], everywhere('EnableFirewall'));
    expect(await wordsOf(managed)).toContain('Windows Firewall is off');
  });

  it('are on where nothing is set', async () => {
    const windows = new Windows();
    windows.registry.set(`${LOCAL}\\FirewallRules`, '{0}', 'REG_SZ', other);
    expect((await readFirewall(windows, 'ollama.exe', 1))?.profiles.every(({ on }) => on)).toBe(true);
    expect(await wordsOf(new Windows())).toBe('not examined');
  });

  it('take away rules that are about those networks alone', async () => {
    expect(await wordsOf(machine([block], { 'PublicProfile\\EnableFirewall': 0 }))).toContain('no rule is about');
  });
});

describe('a policy without local rules', () => {
  it('makes the rules of the PC count for nothing, and its own alone', async () => {
    const merge = everywhere('AllowLocalPolicyMerge');
    const said = await wordsOf(machine([allow, block], merge));
    expect(said).toMatch(/no rule is about.*only whoever manages it can open TCP port 11434/);
    expect(said).not.toContain('netsh');
    expect(await wordsOf(machine([block], merge, [allow]))).toMatch(/a rule lets others reach.*public networks/);
    expect(await wordsOf(machine([allow], everywhere('AllowLocalPolicyMerge', `${LOCAL}\\Mdm`)))).toContain(
      'no rule is about',
    );
  });

  it('on some networks is told of those', async () => {
    const windows = machine([other], { [`${POLICY}\\PublicProfile\\AllowLocalPolicyMerge`]: 0 });
    expect(await wordsOf(windows)).toMatch(
      /profile=private.*On public networks a policy lets no rules of this PC count/,
    );
  });
});

describe('doctor', () => {
  const checks = (windows: Windows, wanted = '0.0.0.0:11434') => windowsChecks(windows, parseHost(wanted), true);
  const causes = async (windows: Windows) => (await checks(windows)).map(({ status, cause }) => [status, cause]);

  it('names a rule that blocks, and a policy that lets no rule count', async () => {
    expect(await causes(machine([block]))).toEqual([['warn', 'win-firewall-inbound']]);
    expect(await causes(machine([other]))).toEqual([['warn', 'win-firewall-inbound']]);
    const managed = machine([allow], everywhere('AllowLocalPolicyMerge'));
    expect(await causes(managed)).toEqual([['warn', 'win-firewall-gpo-no-local-rules']]);
    expect((await checks(managed))[0]?.remedy).toMatch(/ask whoever manages this PC.*11434/);
  });

  it('has nothing against a firewall that lets in, or is off', async () => {
    expect(await causes(machine([allow]))).toEqual([['pass', undefined]]);
    expect(await causes(machine([], everywhere('EnableFirewall')))).toEqual([['pass', undefined]]);
  });

  it('says nothing where it is not read, or nobody is to come from elsewhere', async () => {
    expect(await checks(new Windows())).toEqual([]);
    expect(await checks(machine([block]), '127.0.0.1:11434')).toEqual([]);
  });

  it('names a range that Windows keeps, where nothing listens', async () => {
    const windows = new Windows();
    windows.excluded = '     11396       11495\r\n';
    const [check] = await windowsChecks(windows, parseHost('0.0.0.0:11434'), false);
    expect([check?.status, check?.cause, check?.remedy]).toEqual([
      'fail',
      'win-excluded-port-range',
      expect.stringContaining('net stop winnat'),
    ]);
    expect(check?.summary).toContain('10013');
    expect(await windowsChecks(windows, parseHost('0.0.0.0:8080'), false)).toEqual([]);
    expect(await checks(windows)).toEqual([]);
  });
});

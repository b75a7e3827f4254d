import { describe, expect, it } from 'vitest';
import { withMac } from '../mac.ts';
import { ends, LSOF, plistText } from './helpers.ts';

/** macos.md 5.1, 5.2, 6.1-6.3, 7.1, 8.1 and the tables of other tools in section 9. */
export function toolConformance(): void {
  describe('tools (5-9)', () => {
    it('lsof: tables, fields, nothing about others, and 1 for nothing (6.1, 9.8)', async () => {
      await withMac('lsof', { users: [{ name: 'other', uid: 502 }] }, async (mac) => {
        await ends(mac, LSOF, { code: 1, stdout: '', stderr: '' });
        const pid = await mac.startByHand({ env: { OLLAMA_HOST: '0.0.0.0' } });
        await mac.waitForListener('::');
        const { stdout } = await ends(mac, LSOF, { code: 0 });
        const [head, row] = stdout.split('\n');
        expect(head).toMatch(/^COMMAND +PID USER +FD +TYPE +DEVICE SIZE\/OFF NODE NAME$/);
        expect(row).toMatch(
          new RegExp(`^ollama +${pid} +me +\\d+u +IPv6 0x[0-9a-f]{16} +0t0 +TCP \\*:11434 \\(LISTEN\\)$`),
        );
        const fields = ['PID', 'collama', 'u501', 'f3', 'tIPv6', 'PTCP', 'n*:11434', 'TST=LISTEN', 'TQR=0', 'TQS=0'];
        await ends(mac, [...LSOF, '-F', 'pcuPtnT'], {
          code: 0,
          stdout: `${fields.join('\n').replace('PID', `p${pid}`)}\n`,
        });
        await ends(mac, [...LSOF, '-FpL'], { code: 0, stdout: `p${pid}\nLme\nf3\n` });
        await ends(mac, ['lsof', '-nP', '-a', '-p', String(pid), '-iTCP', '-sTCP:LISTEN', '-t'], {
          code: 0,
          stdout: `${pid}\n`,
        });
        await ends(mac, ['lsof', '-a', '-p', String(pid), '-d', 'txt', '-Fn'], {
          code: 0,
          stdout: `p${pid}\nftxt\nn/usr/local/bin/ollama\n`,
        });
        await ends(mac, ['lsof', '--help'], { code: 1, stderr: /illegal option/ });
        await ends(mac, LSOF, { code: 1, stdout: '' }, { as: 'other', via: 'ssh' });
        await ends(mac, LSOF, { code: 0 }, { via: 'sudo' });
        const seen = await ends(mac, ['netstat', '-anv', '-p', 'tcp'], { code: 0 }, { as: 'other', via: 'ssh' });
        expect(seen.stdout).toMatch(new RegExp(`^tcp46 +0 +0 +\\*\\.11434 +\\*\\.\\* +LISTEN .* ollama:${pid} `, 'm'));
        await mac.faults({ netstat: 'old' });
        await ends(mac, ['netstat', '-anv', '-p', 'tcp'], {
          code: 0,
          stdout: new RegExp(`LISTEN +0 +0 +131072 +131072 +${pid} +0 `),
        });
        await ends(mac, ['netstat', '-ltnp'], { code: 1 });
        await ends(mac, ['ss', '-ltn'], { code: 127 });
      });
    });

    it('a loopback bind: tcp4 and an IPv4 row', async () => {
      await withMac('loopback', {}, async (mac) => {
        const pid = await mac.startByHand();
        await mac.waitForListener('127.0.0.1');
        await ends(mac, LSOF, { code: 0, stdout: / IPv4 .* TCP 127\.0\.0\.1:11434 \(LISTEN\)\n/ });
        await ends(mac, ['netstat', '-an', '-p', 'tcp'], { code: 0, stdout: /^tcp4 +0 +0 +127\.0\.0\.1\.11434 /m });
        await ends(mac, ['ps', '-p', String(pid), '-o', 'ppid=,args='], {
          code: 0,
          stdout: '    1 ollama serve\n',
        });
      });
    });

    it('ps, pgrep, pkill: BSD’s words, and not GNU’s (6.3)', async () => {
      await withMac('ps', {}, async (mac) => {
        const long = `/tmp/${'d'.repeat(60)}/sleep`;
        await mac.must(['mkdir', '-p', long.slice(0, -6)]);
        await mac.must(['ln', '-s', '/usr/bin/sleep', long]);
        const pid = (await mac.must(['sh', '-c', '"$1" 600 >/dev/null 2>&1 & echo $!', 'sh', long])).trim();
        await ends(mac, ['ps', '-p', pid, '-o', 'comm='], { code: 0, stdout: `${long}\n` });
        const cut = await ends(mac, ['ps', '-p', pid, '-o', 'pid=,args='], { code: 0 });
        expect(cut.stdout.length).toBe(80);
        await ends(mac, ['ps', '-ww', '-p', pid, '-o', 'args='], { code: 0, stdout: `${long} 600\n` });
        await ends(mac, ['ps', '-p', '99999', '-o', 'pid='], { code: 1, stdout: '' });
        await ends(mac, ['ps', '--pid', pid], { code: 1, stderr: /^ps: illegal option -- -\n/ });
        await ends(mac, ['ps', '-p', pid, '-o', 'cmd='], { code: 1, stderr: /^ps: cmd: keyword not found\n/ });
        expect((await mac.must(['ps', '-axo', 'pid,comm'])).split('\n')[1]).toMatch(/^ +1 \/sbin\/launchd$/);
        await ends(mac, ['pgrep', '-x', 'sleep'], { code: 0, stdout: `${pid}\n` });
        await ends(mac, ['pgrep', '-x', 'Sleep'], { code: 1, stdout: '' });
        await ends(mac, ['pgrep'], { code: 2 });
        await ends(mac, ['pgrep', '--exact', 'sleep'], { code: 2 });
        await ends(mac, ['pkill', '-TERM', '-x', 'sleep'], { code: 0 });
        await ends(mac, ['pkill', '-x', 'sleep'], { code: 1 });
      });
    });

    it('GNU-only words are refused, BSD’s do what they say', async () => {
      await withMac('bsd', {}, async (mac) => {
        const refused = [
          ...[
            ['install', '-T', 'a', 'b'],
            ['mv', '-T', 'a', 'b'],
            ['mv', '--no-target-directory', 'a', 'b'],
            ['stat', '-c', '%u', '/'],
          ],
          ...[
            ['readlink', '-m', '/'],
            ['date', '-d', '@0'],
            ['mktemp', '--suffix=x'],
            ['ls', '--time-style=iso'],
            ['tee', '--append', 'x'],
          ],
          ...[
            ['od', '--format=x1', '/etc/hosts'],
            ['chown', '--reference=/', 'x'],
            ['mkdir', '--mode=700', 'x'],
            ['base64', '-w0', '/etc/hosts'],
          ],
          ...[
            ['dd', 'of=/tmp/x', 'oflags=x'],
            ['cp', '--preserve', 'a', 'b'],
            ['rm', '--force', 'x'],
            ['head', '--lines=1', '/etc/hosts'],
          ],
        ];
        for (const words of refused) {
          const result = await mac.run(words);
          expect(result.code, words.join(' ')).not.toBe(0);
          expect(result.stderr, words.join(' ')).not.toBe('');
        }
        for (const name of ['systemctl', 'setsid', 'timeout', 'getent', 'sha256sum', 'ip', 'flock', 'python3']) {
          expect((await mac.run(['which', name])).code, name).toBe(1);
        }
        await ends(mac, ['install', '-m', '0600', '/dev/null', '/tmp/new'], { code: 0 });
        await ends(
          mac,
          ['dd', 'of=/tmp/new', 'conv=notrunc,fsync', 'status=none'],
          { code: 0, stderr: '' },
          { input: 'text' },
        );
        await ends(mac, ['stat', '-f', '%Lp %u %g %z %N', '/tmp/new'], { code: 0, stdout: '600 501 20 4 /tmp/new\n' });
        await ends(mac, ['stat', '-f', '%p %HT', '/tmp/new'], { code: 0, stdout: '100600 Regular File\n' });
        await ends(mac, ['stat', '-f', '%u', '/nope'], {
          code: 1,
          stderr: 'stat: /nope: lstat: No such file or directory\n',
        });
        await ends(mac, ['base64', '-i', '/tmp/new'], { code: 0, stdout: 'dGV4dA==\n' });
        await ends(mac, ['mv', '-f', '/tmp/new', '/tmp/newer'], { code: 0 });
        await ends(mac, ['tee', '-a', '/tmp/newer'], { code: 0, stdout: '!' }, { input: '!' });
        await ends(mac, ['date', '-u', '-r', '0', '+%Y'], { code: 0, stdout: '1970\n' });
        await ends(mac, ['sed', '-i', '', 's/text/TEXT/', '/tmp/newer'], { code: 0 });
        await ends(mac, ['cat', '/tmp/newer'], { code: 0, stdout: 'TEXT!' });
      });
    });

    it('plutil (7.1)', async () => {
      const content = plistText('a.b', ['/bin/sleep', '1'], '<key>When</key><date>2020-01-02T03:04:05Z</date>');
      await withMac(
        'plutil',
        {
          plists: [
            { path: '/Users/me/p.plist', content },
            { path: '/Users/me/bad.plist', content: '{ a }' },
          ],
        },
        async (mac) => {
          const F = '/Users/me/p.plist';
          const plutil = (...words: string[]) => ['plutil', ...words];
          await ends(mac, plutil('-lint', F), { code: 0, stdout: `${F}: OK\n` });
          await ends(mac, plutil('-lint', '/Users/me/bad.plist'), {
            code: 1,
            stdout: '',
            stderr: '/Users/me/bad.plist: (Unexpected character { at line 1)\n',
          });
          await ends(mac, plutil('-lint', '/nope'), {
            code: 1,
            stderr: /^\/nope: file does not exist or is not readable or is not a regular file/,
          });
          await ends(mac, plutil('-convert', 'json', '-o', '-', F), {
            code: 1,
            stderr: `${F}: invalid object in plist for destination format\n`,
          });
          await ends(mac, plutil('-remove', 'When', F), { code: 0, stdout: '', stderr: '' });
          await ends(mac, plutil('-convert', 'json', '-o', '-', F), {
            code: 0,
            stdout: '{"Label":"a.b","ProgramArguments":["\\/bin\\/sleep","1"]}',
          });
          await ends(mac, plutil('-remove', 'When', F), {
            code: 1,
            stderr: `${F}: Could not modify plist, error: No value to remove at key path When\n`,
          });
          await ends(mac, plutil('-extract', 'ProgramArguments.0', 'raw', '-o', '-', F), {
            code: 0,
            stdout: '/bin/sleep\n',
          });
          await ends(mac, plutil('-extract', 'No.Way', 'raw', F), {
            code: 1,
            stderr: `${F}: Could not extract value, error: No value at that key path or invalid key path: No.Way\n`,
          });
          const key = 'EnvironmentVariables.OLLAMA_HOST';
          await ends(mac, plutil('-replace', key, '-string', '0.0.0.0:11434', F), {
            code: 1,
            stderr: /Could not modify plist, error: Key path not found/,
          });
          await ends(mac, plutil('-insert', 'EnvironmentVariables', '-dictionary', F), { code: 0 });
          await ends(mac, plutil('-insert', 'EnvironmentVariables', '-dictionary', F), { code: 1 });
          await ends(mac, plutil('-convert', 'binary1', F), { code: 0 });
          await ends(mac, plutil('-replace', key, '-string', '0.0.0.0:11434', F), { code: 0 });
          expect(mac.host.read(F).startsWith('bplist00')).toBe(true);
          expect((await mac.plist(F)).EnvironmentVariables).toEqual({ OLLAMA_HOST: '0.0.0.0:11434' });
          await ends(mac, plutil('-p', F), { code: 0, stdout: /"OLLAMA_HOST" => "0\.0\.0\.0:11434"/ });
          const buddy = (command: string, file = F) => ['/usr/libexec/PlistBuddy', '-c', command, file];
          await ends(mac, buddy('Print :EnvironmentVariables:OLLAMA_HOST'), { code: 0, stdout: '0.0.0.0:11434\n' });
          await ends(mac, buddy('Print :K'), { code: 1, stderr: 'Print: Entry, ":K", Does Not Exist\n' });
          await ends(mac, buddy('Add :EnvironmentVariables dict'), {
            code: 1,
            stderr: 'Add: ":EnvironmentVariables" Entry Already Exists\n',
          });
          await ends(mac, buddy('Set :EnvironmentVariables:OLLAMA_HOST 127.0.0.1'), { code: 0 });
          await ends(mac, buddy('Add :K string v', '/Users/me/made.plist'), {
            code: 0,
            stdout: "File Doesn't Exist, Will Create: /Users/me/made.plist\n",
          });
          await mac.faults({ plutilKilled: true });
          expect((await mac.run(plutil('-lint', F))).signal).toBe('SIGKILL');
        },
      );
    });

    it('a daemon of root’s without HOME: the server dies, launchd tries again and again (5.2)', async () => {
      const words = ['/usr/local/bin/ollama', 'serve'];
      const more = '<key>KeepAlive</key><true/><key>StandardErrorPath</key><string>/tmp/d.log</string>';
      const plists = [{ path: '/Library/LaunchDaemons/d.plist', content: plistText('d', words, more) }];
      await withMac('daemon', { app: { launched: false, loginItem: false }, plists, console: false }, async (mac) => {
        await mac.host.waitFor(
          () => mac.host.exists('/tmp/d.log') && mac.host.read('/tmp/d.log').split('\n').length > 2,
          8000,
          'two tries',
        );
        expect(mac.host.read('/tmp/d.log')).toMatch(/^Error: \$HOME is not defined\nError: /);
      });
    });

    it('what the rest tells: versions, console, firewall, directory, Spotlight, sqlite (8.1, 9)', async () => {
      const firewallApps = [{ path: '/opt/homebrew/bin/x', blocked: true }];
      await withMac('rest', { app: { launched: false }, faults: { firewall: 1, firewallApps } }, async (mac) => {
        const fw = (...words: string[]) => ['/usr/libexec/ApplicationFirewall/socketfilterfw', ...words];
        await ends(mac, ['sw_vers', '-productVersion'], { code: 0, stdout: '26.5.2\n' });
        await ends(mac, ['uname', '-s'], { code: 0, stdout: 'Darwin\n' });
        await ends(mac, ['id', '-u'], { code: 0, stdout: '501\n' });
        await ends(mac, ['stat', '-f', '%Su', '/dev/console'], { code: 0, stdout: 'me\n' });
        await ends(mac, fw('--getglobalstate'), { code: 0, stdout: 'Firewall is enabled. (State = 1)\n' });
        await ends(mac, fw('--getblockall'), { code: 0, stdout: 'Firewall has block all state set to disabled.\n' });
        await ends(mac, fw('--listapps'), {
          code: 0,
          stdout: /1 : \/opt\/homebrew\/bin\/x \n +\(Block incoming connections\)/,
        });
        await ends(mac, fw('--getappblocked', '/any/thing'), {
          code: 0,
          stdout: 'Incoming connection to /any/thing is permitted.\n',
        });
        await ends(mac, ['dscl', '.', '-read', '/Users/me', 'NFSHomeDirectory'], {
          code: 0,
          stdout: 'NFSHomeDirectory: /Users/me\n',
        });
        await ends(mac, ['dscl', '.', '-read', '/Users/nobody2', 'UniqueID'], {
          code: 56,
          stderr: /eDSRecordNotFound/,
        });
        await ends(mac, ['dscl', '.', '-list', '/Users', 'UniqueID'], { code: 0, stdout: /^me +501$/m });
        const query = "kMDItemCFBundleIdentifier == 'com.electron.ollama'";
        await ends(mac, ['mdfind', query], { code: 0, stdout: '/Applications/Ollama.app\n' });
        await mac.faults({ spotlightOff: true });
        await ends(mac, ['mdfind', query], { code: 0, stdout: '' });
        await ends(mac, ['sqlite3', '-readonly', '/tmp/no.db', 'SELECT 1'], {
          code: 1,
          stderr: /unable to open database/,
        });
        await mac.logout();
        await ends(mac, ['stat', '-f', '%Su', '/dev/console'], { code: 0, stdout: 'root\n' }, { via: 'ssh' });
      });
    });
  });
}

import { describe, expect, it } from 'vitest';
import { askPs, parsePs, wordsOf } from '../../src/probes/ps.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const APP = '/Applications/Ollama.app/Contents';
const PRINTED = `    1     0     0 /sbin/launchd
  312     1   501 ${APP}/MacOS/Ollama hidden
  330   312   501 ${APP}/Resources/ollama serve
51915     1   501 /opt/homebrew/opt/ollama/bin/ollama serve
52000   900   501 ollama serve
52001   900   501 /Applications/My  Apps/Ollama.app/Contents/Resources/ollama serve --x y
52002   900   501 (ollama)
52003   900   501 <defunct>
52004   900   501 
  400     1 4294967294 /usr/sbin/mdnsd -x  
   88     1    -2 /usr/libexec/nobody
`;

/** Whether the words of the line are split so that they are seen to be an Ollama server's. */
function readAsServer(args: string): boolean {
  const [program = '', verb = ''] = parsePs(`7 1 0 ${args}\n`)[0]?.argv ?? [];
  return /^(?:.*\/)?ollama$/.test(program) && ['serve', 'start'].includes(verb);
}

describe('ps of macOS', () => {
  it('tells processes, and leaves out those whose words it does not know', () => {
    expect(parsePs(PRINTED).map(({ pid, ppid, uid, comm }) => [pid, ppid, uid, comm])).toEqual([
      [1, 0, 0, 'launchd'],
      [312, 1, 501, 'Ollama'],
      [330, 312, 501, 'ollama'],
      [51915, 1, 501, 'ollama'],
      [52000, 900, 501, 'ollama'],
      [52001, 900, 501, 'ollama'],
      [400, 1, 4294967294, 'mdnsd'],
      [88, 1, -2, 'nobody'],
    ]);
  });

  it('tells their words, and keeps a server’s program in one piece', () => {
    const [, app, server, , , spaced, other] = parsePs(PRINTED);
    expect(app).toMatchObject({ args: `${APP}/MacOS/Ollama hidden`, argv: [`${APP}/MacOS/Ollama`, 'hidden'] });
    expect(server?.argv).toEqual([`${APP}/Resources/ollama`, 'serve']);
    const program = '/Applications/My  Apps/Ollama.app/Contents/Resources/ollama';
    expect(spaced).toMatchObject({ args: `${program} serve --x y`, argv: [program, 'serve', '--x', 'y'] });
    expect(other).toMatchObject({ args: '/usr/sbin/mdnsd -x', gid: -1, groups: [], zombie: false });
  });

  it.each([
    'ollama serve',
    'ollama start',
    './ollama serve',
    'bin/ollama serve',
    '/opt/homebrew/opt/ollama/bin/ollama serve',
    '/Applications/My Apps/Ollama.app/Contents/Resources/ollama serve',
    '/usr/local/bin/ollama serve --verbose',
  ])('%s is a server', (args) => {
    expect(readAsServer(args)).toBe(true);
  });

  it.each([
    'ollama run llama3',
    'ollama server',
    'ollama',
    '/Applications/Ollama.app/Contents/MacOS/Ollama hidden',
    '/opt/ollama/bin/ollama runner --port 1',
    'myollama serve',
    '/opt/my-ollama serve',
    'sudo ollama serve',
    'sudo /usr/local/bin/ollama serve',
    'grep ollama serve',
    '/bin/sh -c ollama serve',
    '/bin/sh -c ./ollama serve',
    'vim notes/ollama serve',
    '/usr/bin/env /opt/ollama serve',
    'tail -f /x/ollama serve',
  ])('%s is not', (args) => {
    expect(readAsServer(args)).toBe(false);
  });

  it('its words are split at blanks', () => {
    expect(wordsOf('a  b --c=d ')).toEqual(['a', 'b', '--c=d']);
  });

  it('is asked for all, or for some', async () => {
    const asked: string[] = [];
    const host = new RecordedHost().command(['ps'], (argv) => {
      asked.push(argv.slice(1).join(' '));
      return { code: 1, stdout: PRINTED };
    });
    expect(await askPs(host)).toHaveLength(8);
    await askPs(host, [330, 312]);
    expect(await askPs(host, [])).toEqual([]);
    expect(asked).toEqual([
      '-axww -o pid= -o ppid= -o uid= -o args=',
      '-ww -o pid= -o ppid= -o uid= -o args= -p 330,312',
    ]);
    expect(await askPs(new RecordedHost())).toEqual([]);
  });
});

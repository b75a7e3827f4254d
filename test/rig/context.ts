import pc from 'picocolors';
import type { Context } from '../../src/commands/context.ts';
import { newReport } from '../../src/commands/report.ts';
import { stateDir } from '../../src/commands/scene.ts';
import { Store } from '../../src/engine/store.ts';
import { type Options, parseFlags } from '../../src/flags.ts';
import type { People } from '../../src/ui/people.ts';
import type { RecordedHost } from './recorded-host.ts';

/** What was said to people, line by line. */
export function listener(): { people: People; said: string[] } {
  const said: string[] = [];
  const say = (text = '') => void said.push(text);
  const people = {
    colors: pc.createColors(false),
    say,
    insist: say,
    exactly: say,
    labelled: (label: string, value: string) => say(`${label} ${value}`),
    pending: () => {},
    clear: () => {},
  };
  return { people: people as unknown as People, said };
}

/** What a command gets that is started with these words on a recorded host. */
export function contextFor(host: RecordedHost, words: readonly string[]): Context & { said: string[] } {
  const options: Options = parseFlags(words, host.env);
  const command = options.command === 'undo' || options.command === 'doctor' ? options.command : 'setup';
  const { people, said } = listener();
  return {
    host,
    options,
    people,
    said,
    report: newReport(host, command, options.host, '1.2.3'),
    store: new Store(host, stateDir(host)),
    ensureRoot: async () => {},
    root: () => (host.user.uid === 0 ? host.as('root') : undefined),
  };
}

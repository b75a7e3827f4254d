import { Store } from '../engine/store.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Options } from '../flags.ts';
import type { Actor, Host } from '../host/host.ts';
import type { RealHost } from '../host/real.ts';
import { rootedHost } from '../host/rooted.ts';
import type { People } from '../ui/people.ts';
import type { Report } from './report.ts';
import { becomeRoot } from './rights.ts';
import { stateDir } from './scene.ts';

/** What every command that acts on installations has at hand. */
export interface Context {
  /** The machine, or the image of --root. */
  host: Host;
  options: Options;
  people: People;
  report: Report;
  store: Store;
  /** Makes root's hands available, asking for a password only where a question may be asked. Throws SetupError exit 5. */
  ensureRoot: () => Promise<void>;
  /** Root's hands on the running system, where there are any by now; nobody is asked for them. */
  root: () => Actor | undefined;
}

export function contextOf(machine: RealHost, options: Options, people: People, report: Report): Context {
  const host = options.root === undefined ? machine : rootedHost(machine, imageOf(machine, options.root));
  const again = `npx stigmer-setup-ollama ${options.command === 'undo' ? 'undo ' : ''}--yes`;
  const interactive = !options.yes && machine.terminal.stdin;
  return {
    host,
    options,
    people,
    report,
    store: new Store(host, stateDir(host)),
    ensureRoot: () => becomeRoot(machine, interactive, again),
    root: () => (options.root === undefined && machine.elevated ? machine.as('root') : undefined),
  };
}

function imageOf(host: Host, root: string): string {
  if (host.platform !== 'linux') {
    throw new SetupError('root-platform', EXIT.usage, '--root acts on images of Linux systems, from Linux.', {
      meaning: 'Nothing was changed.',
    });
  }
  const path = host.files.real(root);
  if (path && host.files.stat(path)?.kind === 'directory' && host.files.stat(`${path}/etc`))
    return path === '/' ? '' : path;
  throw new SetupError('no-root', EXIT.usage, `--root ${root} is not the folder of a root file system.`, {
    meaning: 'Nothing was changed.',
    remedy: '--root /path/to/image   # the folder that has etc, usr and var in it',
  });
}

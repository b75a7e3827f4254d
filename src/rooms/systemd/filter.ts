import type { CommandAct } from '../../actions/command.ts';
import { type FileChange, type FileState, missingFolders, readState, stateOf, textOf } from '../../actions/file.ts';
import type { Act } from '../../actions/index.ts';
import {
  FILTER_FOLDER,
  type Filter,
  filterPath,
  isLoaded,
  planFilter,
  removalOf,
  type Scope,
  tieText,
} from '../../firewall/allow.ts';
import type { Host } from '../../host/host.ts';
import { parseHost } from '../../ollama/host-value.ts';
import type { Done, Moved, PlanRequest, Refusal, Scene } from '../room.ts';
import { deactivation, isStarted, reload } from './acts.ts';
import { validation } from './changes.ts';
import { filterDropIn } from './filter-now.ts';
import type { Unit } from './unit.ts';

/** What a filter adds to the plan for a unit. */
export interface FilterPart {
  /** Made before the change of the address. */
  changes: FileChange[];
  /** Done last, unless the service is started anew: its start loads the filter, and nothing but this takes it away. */
  activate: Act[];
  /** Done last on the way back. */
  deactivate: Act[];
  /** True where systemd has to read the unit's files anew. */
  reload: boolean;
  /** True where the service may not be left with what systemd knows of it, even if it is left alone. */
  stale: boolean;
}

/** What makes the filter be as it is wanted: nothing where it is so already. Throws FileError. */
export async function filterFor(scene: Scene, unit: Unit, request: PlanRequest): Promise<FilterPart | Refusal> {
  const { allow = 'any' } = request;
  return allow === 'any' ? withoutFilter(scene, unit, request) : withFilter(scene, unit, request, allow);
}

async function withFilter(
  { host, version }: Scene,
  unit: Unit,
  request: PlanRequest,
  allow: Scope,
): Promise<FilterPart | Refusal> {
  const { name } = unit;
  // A bridge that was named once stays: an engine that is down now tells of none.
  const interfaces = [...new Set([...(await namedBridges(host, unit)), ...(request.interfaces ?? [])])];
  const { port } = parseHost(request.wanted);
  const filter = await planFilter(host, { unit: name, port, allow, version, interfaces });
  if (!filter) return NO_NFT;
  const dropIn = await dropInChange(host, unit, filter, allow, version);
  const changes = [filter.change, dropIn].filter((change) => !isSame(change));
  const runs = unit.manager.live && request.restart && isStarted(unit);
  const gone = request.root !== undefined && runs && !(await isLoaded(host, request.root, name));
  const load = runs && (changes.length > 0 || gone) ? [loadAct(filter)] : [];
  return {
    changes,
    activate: load,
    deactivate: dropIn.from === null ? [filter.removal] : [],
    reload: !isSame(dropIn),
    stale: false,
  };
}

/** The bridges whose names do not tell that they are a container's, as the filter has them now. Throws FileError. */
export async function namedBridges(host: Host, { name }: Unit): Promise<string[]> {
  const there = textOf(await readState(host.as('self'), filterPath(name)));
  const named = [...there.matchAll(/^\s*iifname "([^"*]+)" accept$/gm)].map(([, one]) => one!);
  return named.filter((one) => !['lo', 'docker0', 'docker_gwbridge'].includes(one));
}

async function withoutFilter({ host }: Scene, unit: Unit, request: PlanRequest): Promise<FilterPart> {
  const self = host.as('self');
  const paths = [filterDropIn(unit), filterPath(unit.name)];
  const states = await Promise.all(paths.map((path) => readState(self, path)));
  const changes = paths.flatMap((path, index) => {
    const from = states[index];
    return from ? [absent(unit, path, from)] : [];
  });
  const left = request.root !== undefined && changes.length === 0 && (await isLoaded(host, request.root, unit.name));
  const stale = unit.manager.live && changes.length > 0;
  const removal = unit.manager.live && request.restart && (left || changes.length > 0);
  return {
    changes,
    activate: removal ? [removalOf(host, unit.name)] : [],
    deactivate: [],
    reload: changes.length > 0,
    stale,
  };
}

function absent({ manager }: Unit, path: string, from: FileState): FileChange {
  const dropIn = path.endsWith('.conf');
  return {
    type: 'file',
    id: dropIn ? 'remove-filter-drop-in' : 'remove-filter-file',
    title: `Remove ${dropIn ? 'the drop-in' : 'the filter'} ${path}`,
    path,
    identity: manager.identity,
    from,
    to: null,
    folders: dropIn ? [] : [FILTER_FOLDER],
    lines: [],
  };
}

/** What comes back with the service, whatever the first run had noted: only a later one may have brought the filter. */
export async function movedFilter({ host }: Scene, unit: Unit, { running, started, root }: Done): Promise<Moved> {
  const removal = removalOf(host, unit.name);
  return {
    changes: [],
    activate: [...deactivation(unit, running && !started), removal],
    // Its file is gone: what systemd knows would keep the service from starting again.
    meanwhile: unit.manager.live ? [reload(unit)] : [],
    due: root !== undefined && (await isLoaded(host, root, unit.name)),
    ...(unit.manager.live
      ? {
          stays: {
            code: 'filter-stays',
            message: `The filter stays in force until the next boot, or until: sudo ${removal.argv.join(' ')}`,
          },
        }
      : {}),
  };
}

/** A filter of the same rules is the same, whichever version of this program wrote it. */
function isSame({ from, to }: FileChange): boolean {
  const rules = (state: FileState | null) => textOf(state).replace(/ Written by stigmer-setup-ollama .*$/m, '');
  return from !== null && rules(from) === rules(to);
}

async function dropInChange(
  host: Host,
  unit: Unit,
  { unitLines, serviceLines }: Filter,
  allow: Scope,
  version: string,
): Promise<FileChange> {
  const path = filterDropIn(unit);
  const from = await readState(host.as('self'), path);
  const ours = [...unitLines, ...serviceLines];
  const present = textOf(from);
  // What others have added to ours stays.
  const kept = ours.every((line) => present.split('\n').includes(line));
  const text = kept
    ? present.replace(/^(#.*--allow )(?:lan|containers)\b/m, `$1${allow}`)
    : tieText({ unitLines, serviceLines }, allow, version);
  // An image that an unprivileged user builds holds that user's files.
  const { uid, gid } = unit.manager.identity === 'self' ? host.user : { uid: 0, gid: 0 };
  return {
    type: 'file',
    id: 'write-filter-drop-in',
    title: `${from ? 'Change' : 'Write'} the drop-in ${path}, which ties the filter to ${unit.name}`,
    path,
    identity: unit.manager.identity,
    from,
    to: stateOf(text, from ?? { uid, gid, mode: 0o644 }),
    folders: missingFolders(host, path, { uid, gid, mode: 0o755 }),
    lines: ours.map((line) => ({ ours: line, was: null })),
    ...validation(host, unit, { path, text }),
  };
}

/** Nobody who is being answered is cut off for it: the rules are loaded as the service's next start would. */
function loadAct({ table, change, nft }: Filter): CommandAct {
  return {
    type: 'command',
    id: 'load-filter',
    title: `Load the filter ${table}`,
    identity: 'root',
    argv: [nft, '-f', change.path],
    timeout: 15_000,
  };
}

const NO_NFT: Refusal = {
  code: 'no-nft',
  exit: 4,
  message: '--allow needs the program nft, and it is not installed here.',
  meaning: 'Without it nobody can be kept out, so nothing was changed.',
  remedy: 'sudo apt install nftables   # or with dnf, pacman, zypper, apk; then run this again',
};

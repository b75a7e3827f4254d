import { type FileChange, missingFolders, stateOf } from '../../actions/file.ts';
import type { Validation } from '../../actions/validate.ts';
import { FileError } from '../../errors.ts';
import type { Host, Ownership } from '../../host/host.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import { setInEnvironmentFile } from '../../systemd/environment.ts';
import type { Layer } from '../../systemd/layers.ts';
import type { Refusal } from '../room.ts';
import { assignment, changedDropIn, DROP_IN, nameAfter, newDropIn } from './drop-in.ts';
import { readUnit, type Unit, VARIABLE } from './unit.ts';

/** A file as it would be. */
export interface Draft {
  path: string;
  text: string;
}

/** The fewest file changes after which `wanted` is in force for the unit, each proved on a model before it is offered. */
export function changesFor(host: Host, unit: Unit, wanted: string, version: string): FileChange[] | Refusal {
  if (isSet(unit, wanted) && isDurable(unit)) return [];
  let draft = draftDropIn(host, unit, DROP_IN, wanted, version);
  // Each turn answers what still stands above our draft; three different things can.
  for (let turn = 0; turn < 4; turn++) {
    const { environment } = readUnit(host, unit.manager, unit.name, draft);
    if (environment.value !== undefined && sameBinding(environment.value, wanted)) {
      const change = dropInChange(host, unit, draft, wanted);
      // Ours is there and waits: what wins for now says the same and will not last.
      return change.from?.content === change.to?.content ? [] : [change];
    }
    const winner = environment.layers.find((layer) => layer.effective);
    if (winner?.kind === 'EnvironmentFile') return environmentFileChange(host, unit, winner, wanted);
    if (winner?.kind === 'ExecStart') return wrapperRefusal(unit, winner);
    if (environment.unset.some((word) => word === VARIABLE || word.startsWith(`${VARIABLE}=`))) {
      const others = environment.unset.filter((word) => word !== VARIABLE && !word.startsWith(`${VARIABLE}=`));
      const keep = others.length > 0 ? [`UnsetEnvironment=${others.join(' ')}`] : [];
      draft = { path: draft.path, text: newDropIn(wanted, version, ['UnsetEnvironment=', ...keep]) };
    } else {
      const last = unit.files.dropIns.map((path) => path.slice(path.lastIndexOf('/') + 1)).at(-1) ?? '';
      draft = draftDropIn(host, unit, nameAfter(last), wanted, version);
    }
  }
  return unsolvedRefusal(unit);
}

/** True when the files already say it. */
export function isSet(unit: Unit, wanted: string): boolean {
  return unit.environment.value !== undefined && sameBinding(unit.environment.value, wanted);
}

/**
 * True when the setting will still be there after a reboot and after an upgrade: nothing below /run lasts, and
 * Ollama's install.sh writes /etc/systemd/system/ollama.service anew every time (scripts/install.sh in ollama/ollama), as
 * Homebrew does with its unit at every start (services/cli.rb in Homebrew/brew).
 */
export function isDurable(unit: Unit): boolean {
  const source = unit.environment.layers.find((layer) => layer.effective)?.source ?? '';
  return !/^\/run\/|^\/etc\/systemd\/system\/ollama\.service$|\/homebrew\.[^/]+\.service$/.test(source);
}

function draftDropIn(host: Host, unit: Unit, name: string, wanted: string, version: string): Draft {
  const path = `${folderOf(unit)}/${name}`;
  const present = host.files.text(path);
  return { path, text: (present && changedDropIn(present, wanted)) || newDropIn(wanted, version) };
}

/** Where an administrator's (or the user's own) drop-ins for the unit belong. */
export function folderOf({ manager, name }: Unit): string {
  const base = manager.kind === 'systemd' ? '/etc/systemd/system' : `${manager.scope.configHome}/systemd/user`;
  return `${base}/${name}.d`;
}

function dropInChange(host: Host, unit: Unit, draft: Draft, wanted: string): FileChange {
  const { manager } = unit;
  const ownership = { mode: 0o644, uid: fileOwner(host, unit).uid, gid: fileOwner(host, unit).gid };
  const present = host.files.bytes(draft.path);
  const stat = host.files.stat(draft.path);
  if (stat && stat.kind !== 'file')
    throw new FileError('EINVAL', draft.path, `${draft.path} is a ${stat.kind}, not a file`);
  const from =
    present && stat ? { content: present.toString('base64'), mode: stat.mode, uid: stat.uid, gid: stat.gid } : null;
  return {
    type: 'file',
    id: 'write-drop-in',
    title: `${from ? 'Change' : 'Write'} the drop-in ${draft.path}`,
    path: draft.path,
    identity: manager.identity,
    from,
    to: stateOf(draft.text, from ?? ownership),
    folders: missingFolders(host, draft.path, { ...ownership, mode: 0o755 }),
    lines: [{ ours: assignment(wanted), was: null }],
    ...validation(host, unit, draft),
  };
}

function fileOwner(host: Host, { manager }: Unit): { uid: number; gid: number } {
  // An image that an unprivileged user builds holds that user's files (mmdebstrap's and podman's way).
  return manager.identity === 'self' ? host.user : manager.user;
}

/** `systemd-analyze verify` reads whole units, so it gets a copy of this one with all its drop-ins and the new one. */
export function validation(host: Host, unit: Unit, draft: Draft): { validate?: Validation } {
  const { fragment, dropIns } = unit.files;
  if (!fragment) return {};
  const name = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const copies = [...dropIns.filter((path) => name(path) !== name(draft.path))].map((path) => [
    `${unit.name}.d/${name(path)}`,
    path,
  ]);
  const files: Record<string, string> = {
    [`${unit.name}.d/${name(draft.path)}`]: Buffer.from(draft.text).toString('base64'),
  };
  for (const [copy, path] of [[unit.name, fragment], ...copies] as [string, string][]) {
    files[copy] = (host.files.bytes(path) ?? Buffer.alloc(0)).toString('base64');
  }
  const user = unit.manager.kind === 'systemd-user' ? ['--user'] : [];
  const argv = ['systemd-analyze', ...user, 'verify', '--man=no', '--recursive-errors=no', `{dir}/${unit.name}`];
  return { validate: { files, argv, blame: name(draft.path) } };
}

/** An EnvironmentFile beats every Environment= (systemd.exec(5)), so its line is the one to change. */
function environmentFileChange(host: Host, unit: Unit, winner: Layer, wanted: string): FileChange[] | Refusal {
  const path = host.files.real(winner.source) ?? winner.source;
  const stat = host.files.stat(path);
  let text: string | undefined;
  try {
    text = host.files.text(path);
  } catch {
    return unreadable(unit, path);
  }
  if (stat?.kind !== 'file' || text === undefined) return unsolvedRefusal(unit);
  if (unit.manager.kind === 'systemd-user' && stat.uid !== unit.manager.user.uid) return ofAnother(unit, path, wanted);
  const changed = setInEnvironmentFile(text, VARIABLE, wanted);
  const ownership: Ownership = { mode: stat.mode, uid: stat.uid, gid: stat.gid };
  const before = text.split(/\r?\n/);
  const after = changed.split(/\r?\n/);
  const at = after.findIndex((line, i) => line !== before[i]);
  return [
    {
      type: 'file',
      id: 'edit-environment-file',
      title: `Change ${VARIABLE} in ${path}, which wins over every drop-in`,
      path,
      identity: unit.manager.identity,
      from: stateOf(text, ownership),
      to: stateOf(changed, ownership),
      folders: [],
      lines: at >= 0 && before.length === after.length ? [{ ours: after[at] ?? '', was: before[at] ?? '' }] : [],
    },
  ];
}

function unreadable(unit: Unit, path: string): Refusal {
  return {
    code: 'environment-file-unreadable',
    exit: 5,
    message: `${unit.name} takes its environment from ${path}, which this user may not read.`,
    meaning: 'Without it there is no telling what the service will use, so nothing was changed.',
    remedy: 'sudo npx stigmer-setup-ollama',
  };
}

/** A user's service is changed with that user's rights alone, whoever runs this program. */
function ofAnother({ name, manager }: Unit, path: string, wanted: string): Refusal {
  return {
    code: 'environment-file-of-another',
    exit: 4,
    message: `${name} takes ${VARIABLE} from ${path}, which does not belong to ${manager.user.name}.`,
    meaning: 'It wins over every drop-in, and others may use it too, so it has to be changed by hand.',
    remedy: `sudoedit ${path}   # ${VARIABLE}=${wanted}, then: systemctl --user restart ${name}`,
  };
}

function wrapperRefusal(unit: Unit, winner: Layer): Refusal {
  return {
    code: 'set-in-exec-start',
    exit: 4,
    message: `The start command of ${unit.name} sets ${VARIABLE}=${winner.value ?? ''} itself (${winner.source}:${winner.line}).`,
    meaning: 'That is stronger than any setting of the service, so the command has to be changed by hand.',
    remedy: `sudo systemctl edit --full ${unit.name}   # take ${VARIABLE}=${winner.value ?? '…'} out of ExecStart=`,
  };
}

function unsolvedRefusal(unit: Unit): Refusal {
  return {
    code: 'setting-not-effective',
    exit: 4,
    message: `No drop-in can make ${VARIABLE} effective for ${unit.name}: something later in its configuration always wins.`,
    meaning: 'The configuration has to be simplified by hand first.',
    remedy: `systemctl cat ${unit.name}   # look for the last line that sets or unsets ${VARIABLE}`,
  };
}

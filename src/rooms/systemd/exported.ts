import { stateOf } from '../../actions/file.ts';
import type { Host } from '../../host/host.ts';
import { parseEnvironment } from '../../systemd/environment.ts';
import type { Exported } from '../room.ts';
import { deactivation } from './acts.ts';
import { folderOf } from './changes.ts';
import { assignment, DROP_IN, newDropIn } from './drop-in.ts';
import { type Unit, VARIABLE } from './unit.ts';

/**
 * The drop-in that `export sh`, `cloud-init` or `ansible` has written: its header and its line say all that a receipt
 * would, since exports never change what others have written. What its version would have written is the known state.
 */
export function exportedHere(host: Host, unit: Unit): Exported | undefined {
  const folder = folderOf(unit);
  const path = `${folder}/${DROP_IN}`;
  const stat = host.files.stat(path);
  const text = stat?.kind === 'file' ? (host.files.text(path) ?? '') : '';
  const version = /^#.*Written by stigmer-setup-ollama (\S+)\.\s*$/m.exec(text)?.[1];
  const words = [...text.matchAll(/^[ \t]*Environment=(.*)$/gm)].flatMap(
    ([, line = '']) => parseEnvironment(line, {}).assignments,
  );
  const wanted = words.find(({ name }) => name === VARIABLE)?.value;
  if (!stat || version === undefined || wanted === undefined) return undefined;
  const ownership = { mode: stat.mode, uid: stat.uid, gid: stat.gid };
  return {
    wanted,
    was: unit.environment.layers.filter(({ source }) => source !== path).at(-1)?.value,
    change: {
      type: 'file',
      id: 'write-drop-in',
      title: `Write the drop-in ${path}`,
      path,
      identity: unit.manager.identity,
      from: null,
      to: stateOf(newDropIn(wanted, version), ownership),
      folders: [{ path: folder, ownership: { ...ownership, mode: 0o755 } }],
      lines: [{ ours: assignment(wanted), was: null }],
    },
    deactivate: deactivation(unit),
  };
}

import { type FileChange, stateOf } from '../../actions/file.ts';
import { dropInLines, FILTER_FOLDER, filterPath, filterText, tableOf, tieText } from '../../firewall/allow.ts';
import type { Host } from '../../host/host.ts';
import { parseEnvironment } from '../../systemd/environment.ts';
import type { Exported } from '../room.ts';
import { deactivation } from './acts.ts';
import { folderOf } from './changes.ts';
import { assignment, DROP_IN, newDropIn } from './drop-in.ts';
import { filterDropIn } from './filter-now.ts';
import { type Unit, VARIABLE } from './unit.ts';

/**
 * What `export sh`, `cloud-init` or `ansible` has written: headers and lines say all that a receipt would, since exports
 * never change what others have written. What their version would have written is the known state.
 */
export function exportedHere(host: Host, unit: Unit): Exported | undefined {
  const filter = unit.manager.kind === 'systemd' ? [rulesHere(host, unit), tieHere(host, unit)] : [];
  const address = addressHere(host, unit);
  const changes = [...filter, address?.change].filter((change) => change !== undefined);
  const wanted = address?.wanted ?? unit.environment.value;
  if (changes.length === 0 || wanted === undefined) return undefined;
  const path = `${folderOf(unit)}/${DROP_IN}`;
  const was = unit.environment.layers.filter(({ source }) => source !== path).at(-1)?.value;
  return { wanted, was, changes, deactivate: deactivation(unit) };
}

function addressHere(host: Host, unit: Unit): { wanted: string; change: FileChange } | undefined {
  const path = `${folderOf(unit)}/${DROP_IN}`;
  const file = writtenHere(host, path);
  const words = [...(file?.text.matchAll(/^[ \t]*Environment=(.*)$/gm) ?? [])].flatMap(
    ([, line = '']) => parseEnvironment(line, {}).assignments,
  );
  const wanted = words.find(({ name }) => name === VARIABLE)?.value;
  if (!file || wanted === undefined) return undefined;
  const title = `Write the drop-in ${path}`;
  const text = newDropIn(wanted, file.version);
  return { wanted, change: made(unit, file, { id: 'write-drop-in', title, path, text, ours: [assignment(wanted)] }) };
}

function rulesHere(host: Host, unit: Unit): FileChange | undefined {
  const { name } = unit;
  const path = filterPath(name);
  const file = writtenHere(host, path);
  const port = /^\s*tcp dport (\d+) goto port$/m.exec(file?.text ?? '')?.[1];
  if (!file || port === undefined) return undefined;
  const allow = /^\s*ip saddr /m.test(file.text) ? 'lan' : 'containers';
  const text = filterText({ unit: name, port: Number(port), allow, version: file.version }, []);
  const ours = text.split('\n').filter(Boolean);
  const change = made(unit, file, {
    id: 'write-filter',
    title: `Write the filter ${path}`,
    path,
    text,
    ours,
  });
  return { ...change, folders: [FILTER_FOLDER] };
}

function tieHere(host: Host, unit: Unit): FileChange | undefined {
  const path = filterDropIn(unit);
  const file = writtenHere(host, path);
  const nft = /^ExecStartPre=\+(\S+) -f /m.exec(file?.text ?? '')?.[1];
  const allow = /^#.*--allow (lan|containers)\b/m.exec(file?.text ?? '')?.[1] as 'lan' | 'containers' | undefined;
  if (!file || nft === undefined || allow === undefined) return undefined;
  const lines = dropInLines(nft, tableOf(unit.name), filterPath(unit.name));
  return made(unit, file, {
    id: 'write-filter-drop-in',
    title: `Write the drop-in ${path}`,
    path,
    text: tieText(lines, allow, file.version),
    ours: [...lines.unitLines, ...lines.serviceLines],
  });
}

interface Written {
  text: string;
  version: string;
  ownership: { mode: number; uid: number; gid: number };
}

/** A file with the header of this program; `version` is the one that wrote it. */
function writtenHere(host: Host, path: string): Written | undefined {
  const stat = host.files.stat(path);
  const text = stat?.kind === 'file' ? (host.files.text(path) ?? '') : '';
  const version = /^#.*Written by stigmer-setup-ollama (\S+)\.\s*$/m.exec(text)?.[1];
  if (!stat || version === undefined) return undefined;
  return { text, version, ownership: { mode: stat.mode, uid: stat.uid, gid: stat.gid } };
}

function made(
  unit: Unit,
  { ownership }: Written,
  { text, ours, ...words }: { id: string; title: string; path: string; text: string; ours: string[] },
): FileChange {
  return {
    type: 'file',
    ...words,
    identity: unit.manager.identity,
    from: null,
    to: stateOf(text, ownership),
    folders: [{ path: folderOf(unit), ownership: { ...ownership, mode: 0o755 } }],
    lines: ours.map((line) => ({ ours: line, was: null })),
  };
}

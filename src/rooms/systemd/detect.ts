import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { Process } from '../../probes/processes.ts';
import { listUnits } from '../../systemd/drop-ins.ts';
import { splitCommand } from '../../systemd/layers.ts';
import { isServe, type Scene } from '../room.ts';
import type { Manager } from './manager.ts';
import { readUnit, show, stateOf, type Unit } from './unit.ts';

/** Units of other rooms: the snap's has a launcher that sets OLLAMA_HOST itself. */
const FOREIGN = /^snap\./;

/** Every unit of this manager that runs `ollama serve`, with its processes taken out of `scene.servers`. */
export async function detectUnits(scene: Scene, manager: Manager): Promise<Unit[]> {
  const { host } = scene;
  const names = [...new Set([...namedInFiles(host, manager), ...namedByProcesses(scene, manager)])];
  const shown = await show(host, manager, names);
  return names.flatMap((name) => {
    const unit: Unit = { name, manager, ...readUnit(host, manager, name), shown: shown.get(name) };
    if (name.includes('@.') && unit.shown?.get('ActiveState') !== 'active') return []; // a template is no service
    claim(scene, unit);
    return [unit];
  });
}

/** By the files: a quick look for the word, then the ExecStart lines that are in force. */
function namedInFiles(host: Host, manager: Manager): string[] {
  return listUnits(host.files, manager.scope)
    .filter(({ unit, path }) => !FOREIGN.test(unit) && readText(host, path).includes('ollama'))
    .map(({ unit }) => unit)
    .filter((unit) => readUnit(host, manager, unit).environment.execStart.some(runsServe));
}

/** Also true for a shell line such as `sh -c "exec ollama serve"`. */
function runsServe(command: string): boolean {
  const argv = splitCommand(command);
  const skip = argv.findIndex((word, i) => i > 0 && !word.includes('=') && !word.startsWith('-'));
  const wrapped = /(^|\/)env$/.test(argv[0] ?? '') && skip > 0 ? argv.slice(skip) : argv;
  return isServe(argv) || isServe(wrapped) || argv.some((word) => /(^|[\s/])ollama\s+(serve|start)\b/.test(word));
}

/** By the processes: a unit whose ExecStart is a script of some other name, as long as that script speaks of Ollama. */
function namedByProcesses(scene: Scene, manager: Manager): string[] {
  const names = scene.servers.map((process) => unitOf(process, manager)).filter((name) => name !== undefined);
  return names.filter(
    (name) => !FOREIGN.test(name) && scriptsOf(scene.host, manager, name).some((text) => text.includes('ollama')),
  );
}

function scriptsOf(host: Host, manager: Manager, name: string): string[] {
  const { files, environment } = readUnit(host, manager, name);
  const programs = environment.execStart.flatMap((command) =>
    splitCommand(command).filter((word) => word.startsWith('/')),
  );
  const small = programs.filter((path) => (host.files.stat(host.files.real(path) ?? path)?.size ?? Infinity) < 65_536);
  return [files.fragment, ...files.dropIns, ...small].map((path) => (path ? readText(host, path) : ''));
}

/** The service whose control group the process is in, if it is one of this manager's (systemd's cgroup layout). */
function unitOf({ cgroup }: Process, manager: Manager): string | undefined {
  const name = /\/([^/]+\.service)(?:\/[^/]*)*$/.exec(cgroup)?.[1];
  const user = /\/user@(\d+)\.service\//.exec(cgroup)?.[1];
  if (!name) return undefined;
  if (manager.kind === 'systemd') return user === undefined && !cgroup.includes('/user.slice/') ? name : undefined;
  const last = cgroup.split('/').findLast((part) => part.endsWith('.service'));
  return user === String(manager.user.uid) ? last : undefined;
}

function claim(scene: Scene, unit: Unit): void {
  const mine = new Set(stateOf(scene.host, unit).pids);
  scene.servers = scene.servers.filter(({ pid }) => !mine.has(pid));
}

function readText(host: Host, path: string): string {
  try {
    return host.files.text(path) ?? '';
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}

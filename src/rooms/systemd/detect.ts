import { FileError } from '../../errors.ts';
import type { Files } from '../../host/host.ts';
import { once, remember } from '../../host/remember.ts';
import type { Process } from '../../probes/processes.ts';
import { listUnits, unitDirectories } from '../../systemd/drop-ins.ts';
import { splitCommand } from '../../systemd/layers.ts';
import { isServe, type Scene } from '../room.ts';
import type { Manager } from './manager.ts';
import { managerValue, readUnit, show, stateOf, type Unit } from './unit.ts';

/** Units of other rooms: the snap's has a launcher that sets OLLAMA_HOST itself. */
const FOREIGN = /^snap\./;

/** What nearly everybody calls it: the manager is asked about this one at once, and answers while the files are read. */
const USUAL = 'ollama.service';

/** ollama/ollama, docker.io/ollama/ollama:rocm. */
const IMAGE = /(^|\/)ollama\/ollama([:@]|$)/;

type Reading = Pick<Unit, 'files' | 'environment'>;

/** Every unit of this manager that runs `ollama serve`, with its processes taken out of `scene.servers`. */
export async function detectUnits(scene: Scene, manager: Manager): Promise<Unit[]> {
  const { host } = scene;
  const files = remember(host.files);
  const usual = manager.kind === 'systemd' ? show(host, manager, [USUAL]) : undefined;
  const read = once((name) => readUnit(host, manager, name, undefined, files));
  const named = namedInFiles(files, manager, read);
  const all = [...new Set([...named, ...namedByProcesses(scene, files, manager, read, named)])];
  const names = all.filter((name) => !name.includes('@.')); // a template is no service, and not to be asked about
  const asked = usual !== undefined && names.length === 1 && names[0] === USUAL;
  // Both questions are under way at once: each takes the manager as long as all the reading here.
  const silent = names.filter((name) => read(name).environment.value === undefined);
  const inherited = silent.length > 0 ? managerValue(host, manager) : undefined;
  const shown = await (asked ? usual : show(host, manager, names));
  const value = await inherited;
  return names.map((name) => {
    const unit: Unit = {
      name,
      manager,
      ...read(name),
      shown: shown.get(name),
      inherited: silent.includes(name) ? value : undefined,
    };
    claim(scene, unit);
    return unit;
  });
}

/** By the files: a quick look for the word, then the ExecStart lines that are in force. */
function namedInFiles(files: Files, manager: Manager, read: (name: string) => Reading): string[] {
  const texts = new Map<string, string[]>();
  for (const dir of unitDirectories(manager.scope, files)) {
    for (const name of files.list(dir)) {
      if (!name.endsWith('.service') || isNobodys(dir, name)) continue;
      const text = readText(files, `${dir}/${name}`);
      if (name === USUAL || text.includes('ollama')) texts.set(name, [...(texts.get(name) ?? []), text]);
    }
  }
  return listUnits(files, manager.scope, (unit) => texts.has(unit))
    .map(({ unit }) => unit)
    .filter((unit) => !FOREIGN.test(unit))
    .filter((unit) => {
      const { files, environment } = read(unit);
      return files.masked ? unit === USUAL || texts.get(unit)?.some(hidesServe) : environment.execStart.some(runsServe);
    });
}

/** Not worth the reading, which is most of what is read at all: systemd's own services, and templates, which are none. */
function isNobodys(dir: string, name: string): boolean {
  return name.includes('@.') || (name.startsWith('systemd-') && /^(?:\/usr)?\/lib\//.test(dir));
}

/** For a masked unit: what the file says that the mask hides. */
function hidesServe(text: string): boolean {
  return [...text.matchAll(/^[ \t]*ExecStart[ \t]*=(.*)$/gm)].some(([, command = '']) => runsServe(command.trim()));
}

/** Also true for a shell line such as `sh -c "exec ollama serve"`, and for a container of Ollama's image. */
function runsServe(command: string): boolean {
  const argv = splitCommand(command);
  const skip = argv.findIndex((word, i) => i > 0 && !word.includes('=') && !word.startsWith('-'));
  const wrapped = /(^|\/)env$/.test(argv[0] ?? '') && skip > 0 ? argv.slice(skip) : argv;
  if (/(^|\/)(docker|podman|nerdctl)$/.test(argv[0] ?? '')) return argv.some((word) => IMAGE.test(word));
  return isServe(argv) || isServe(wrapped) || argv.some((word) => /(^|[\s/])ollama\s+(serve|start)\b/.test(word));
}

/** By the processes: a unit whose ExecStart is a script of some other name, as long as that script speaks of Ollama. */
function namedByProcesses(
  scene: Scene,
  files: Files,
  manager: Manager,
  read: (name: string) => Reading,
  known: string[],
): string[] {
  return scene.servers
    .map((process) => unitOf(process, manager))
    .filter((name) => name !== undefined)
    .filter((name) => !FOREIGN.test(name) && !known.includes(name))
    .filter((name) => read(name).files.masked || textsOf(files, read(name)).some((text) => text.includes('ollama')));
}

/** The unit's own files, and the scripts that its commands name. */
function textsOf(files: Files, { files: unit, environment }: Reading): string[] {
  const programs = environment.execStart.flatMap((line) => splitCommand(line).filter((word) => word.startsWith('/')));
  const small = programs.filter((path) => (files.stat(files.real(path) ?? path)?.size ?? Infinity) < 65_536);
  return [...(unit.fragment ? [unit.fragment] : []), ...unit.dropIns, ...small].map((path) => readText(files, path));
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

/** By its control group too: a manager that does not answer still has started it. */
function claim(scene: Scene, unit: Unit): void {
  const mine = new Set(stateOf(scene.host, unit).pids);
  scene.servers = scene.servers.filter(
    (process) => !mine.has(process.pid) && unitOf(process, unit.manager) !== unit.name,
  );
}

function readText(files: Files, path: string): string {
  try {
    return files.text(path) ?? '';
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}

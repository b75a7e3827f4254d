import { EXIT, SetupError } from '../errors.ts';
import type { Options } from '../flags.ts';
import type { Host } from '../host/host.ts';
import { findProcesses } from '../probes/processes.ts';
import { detectAll } from '../rooms/index.ts';
import { type Installation, isServe, type Refusal, type Scene } from '../rooms/room.ts';

/**
 * The tool's state folder (contract, "What is on disk"); for users by the XDG Base Directory Specification, on a Mac
 * where Apple's File System Programming Guide has programs keep their data, on Windows in the profile's local part.
 */
export function stateDir(host: Host): string {
  if (host.user.uid === 0) return '/var/lib/stigmer-setup-ollama';
  // Node takes either slash on Windows; this program's own paths have the one that needs no care.
  const local = host.env.LOCALAPPDATA?.replaceAll('\\', '/');
  if (host.platform === 'win32')
    return `${local || `${host.user.home.replaceAll('\\', '/')}/AppData/Local`}/stigmer-setup-ollama`;
  const base = host.env.XDG_STATE_HOME;
  if (host.platform !== 'darwin' && base?.startsWith('/')) return `${base}/stigmer-setup-ollama`;
  return homeStateDir(host.platform, host.user.home);
}

/** The same for a user whose environment is not at hand. */
export function homeStateDir(platform: NodeJS.Platform, home: string): string {
  return `${home}/${platform === 'darwin' ? 'Library/Application Support' : '.local/state'}/stigmer-setup-ollama`;
}

/** Finds every Ollama on this host (or in the image of --root). */
export async function findInstallations(host: Host, options: Options): Promise<Installation[]> {
  const offline = options.root !== undefined;
  const scene: Scene = {
    host,
    offline,
    version: __VERSION__,
    stateDir: stateDir(host),
    servers: offline ? [] : await findProcesses(host, isServe),
  };
  // Detection runs up to the first answer of a service manager; the waiting for that is used to load what comes next.
  const detection = detectAll(scene);
  host.warmUp(host.files.list(`${scene.stateDir}/receipts`).length === 0);
  const found = await detection;
  if (found.length > 0 || offline) return found;
  return (await import('../rooms/container/by-engine.ts')).detectByEngine(host);
}

/**
 * The one that is meant: by --target, or the only one. Undefined when there are several to choose from. What neither
 * runs nor can be changed does not compete, such as a distribution's unit that was masked for the sake of another.
 * @throws SetupError exit 3 when there is none, exit 2 when --target names none
 */
export function selectInstallation(
  found: Installation[],
  target: string | undefined,
  platform: NodeJS.Platform = 'linux',
): Installation | undefined {
  if (found.length === 0) throw noOllama(platform);
  if (target === undefined) {
    const meant = found.filter(({ dormant }) => !dormant);
    const alive = (meant.length > 0 ? meant : found).filter(({ refusal, state }) => !refusal || state.pids.length > 0);
    const rivals = alive.length > 0 ? alive : found;
    return rivals.length === 1 || rivals.every(({ refusal }) => refusal) ? rivals[0] : undefined;
  }
  const [kind, ...rest] = target.split(':');
  const id = rest.join(':');
  const hits = found.filter((one) => one.kind === kind && (id === '' || one.id === id || one.id.endsWith(`/${id}`)));
  if (hits.length === 1) return hits[0];
  const what = hits.length === 0 ? 'matches no Ollama on this host' : 'matches several';
  throw new SetupError('target', EXIT.usage, `--target ${target} ${what}.`, {
    meaning: `There is: ${found.map(({ title }) => title).join('; ')}.`,
    remedy: `--target ${targetOf((hits[0] ?? found[0])!)}`,
  });
}

/** What --target takes for an installation. */
export function targetOf({ kind, id }: Installation): string {
  return `${kind}:${id}`;
}

/** Several, and nobody to ask which. */
export function needsTarget(found: Installation[]): SetupError {
  const list = found
    .map((one) => `  --target ${targetOf(one)}   ${one.title}${one.state.pids.length > 0 ? ', running' : ''}`)
    .join('\n');
  return new SetupError(
    'several-installations',
    EXIT.usage,
    `There are ${found.length} Ollamas on this host, and it was not said which is meant.`,
    {
      meaning: `Nothing was changed. They are:\n${list}`,
      remedy: `npx stigmer-setup-ollama --yes --target ${targetOf(found[0]!)}`,
    },
  );
}

/** A refusal as the error to end with. */
export function refused({ code, exit, message, meaning, remedy }: Refusal): SetupError {
  return new SetupError(code, exit, message, { meaning, remedy });
}

function noOllama(platform: NodeJS.Platform): SetupError {
  const install =
    platform === 'win32' ? 'winget install Ollama.Ollama' : 'curl -fsSL https://ollama.com/install.sh | sh';
  return new SetupError('no-ollama', EXIT.notFound, 'No Ollama was found on this host.', {
    meaning: 'Neither a service nor a running `ollama serve` is here, so there is nothing to set up.',
    remedy: `${install}   # then run this again`,
  });
}

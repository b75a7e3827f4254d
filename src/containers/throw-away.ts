import type { Host } from '../host/host.ts';
import { call } from './cli.ts';
import type { Engine } from './engine.ts';
import {
  type Answer,
  ask,
  type Enter,
  LIMIT,
  lastLine,
  PATIENCE,
  type Program,
  pickProgram,
  readAnswer,
  WITHOUT_PROXY,
} from './request.ts';
import { NODE } from './script.ts';

/** Containers of our own making, each of which lives for one question. */
export interface ThrowAway {
  /** Asks from a new container on this network; undefined for the engine's default one. */
  ask(network: string | undefined, url: string): Promise<Answer>;
  /** Removes all that was made. Never rejects. */
  close(): Promise<void>;
}

/** What everything of ours is named and labelled by; the rest of a name tells when it was made. */
const NAME = 'stigmer-setup-ollama-check';
/** Seconds after which what has such a name is left over from a run that was killed. */
const STALE = 300;

/** Small images that have what it takes, by what they are usually called; others are not run. */
const USABLE = /(^|\/)(curlimages\/curl|busybox|alpine|node|python|curl|debian|ubuntu|bash|stigmer-agent-runner)(:|$)/;
const MOST_IMAGES = 3;
/** Pulled with --pull only: two megabytes, and its wget tells refused from unreachable. */
const PULLED = 'docker.io/library/busybox:stable';

/**
 * Asks from a container that is not the user's, on the engine's default network: on Linux of an empty image into which this
 * very Node is mounted, elsewhere of an image that is there. Nothing is pulled unless `pull` says so.
 * @returns the answer, and the way by which it came for further questions, to be closed; or the reason why there is no way
 */
export async function openThrowAway(
  host: Host,
  engine: Engine,
  pull: boolean,
  url: string,
): Promise<{ first: Answer; way: ThrowAway } | { unable: string }> {
  await sweep(host, engine);
  const reasons: string[] = [];
  for (const open of [openEmpty, openLocal, ...(pull ? [openPulled] : [])]) {
    if (host.interrupted.aborted) break;
    const way = await open(host, engine);
    if ('unable' in way) {
      reasons.push(way.unable);
      continue;
    }
    const first = await way.ask(undefined, url);
    if (first.kind !== 'unable') return { first, way };
    reasons.push(first.reason);
    await way.close();
  }
  return { unable: reasons.join('; ') };
}

/** The words before the image: it may change nothing, gain nothing, and is nobody. */
function confined({ flavour, addsHost }: Engine, name: string, network: string | undefined): string[] {
  const words = ['run', '--rm', '--name', name, '--label', NAME, '--pull=never', '--read-only', '--cap-drop', 'ALL'];
  // SELinux would keep it from reading what is mounted (docker-run(1), --security-opt).
  words.push('--security-opt', 'no-new-privileges', '--security-opt', 'label=disable', '--user', '65534:65534');
  // Rootless Podman's default network is none that has a name.
  if (network !== undefined) words.push('--network', network);
  else if (!flavour.startsWith('podman')) words.push('--network', 'bridge');
  if (addsHost && network !== 'host') words.push('--add-host', 'host.docker.internal:host-gateway');
  return [...words, ...WITHOUT_PROXY];
}

function nameOf(host: Host, more: string): string {
  return `${NAME}-${Math.floor(host.now() / 1000)}-${host.pid}-${more}`;
}

/** Runs one container to its end; one that had to be cut short is removed by its name. */
async function once(host: Host, engine: Engine, network: string | undefined, words: readonly string[]) {
  const name = nameOf(host, String(once.count++));
  const result = await call(host, engine.cli, [...confined(engine, name, network), ...words], { timeout: PATIENCE });
  if (result.code === null) {
    // The engine may still be at making it, and then does not know the name yet.
    for (const pause of [0, 500]) {
      await host.sleep(pause);
      await call(host, engine.cli, ['rm', '-f', name], { deaf: true });
    }
  }
  return result;
}
once.count = 0;

/** An image without a byte, and in it Node with its libraries, mounted read-only from this host. */
async function openEmpty(host: Host, engine: Engine): Promise<ThrowAway | { unable: string }> {
  if (!engine.local) return { unable: 'the files of this host are not its files' };
  const node = await nodeOfHost(host);
  if (node === undefined) return { unable: 'the libraries of Node could not be told' };
  const image = `${NAME}:${Math.floor(host.now() / 1000)}-${host.pid}`;
  const close = async () => {
    await call(host, engine.cli, ['rmi', '-f', image], { deaf: true });
  };
  // Two empty blocks are a whole archive (tar(5)).
  const made = await call(host, engine.cli, ['import', '-', image], { input: Buffer.alloc(10_240) });
  if (made.code !== 0) {
    await close();
    return { unable: lastLine(made.stderr) || `an empty image could not be made (${made.error ?? made.code})` };
  }
  const run = (network: string | undefined, ...words: string[]) =>
    once(host, engine, network, [...node.mounts, image, ...node.words, ...words]);
  const question = async (network: string | undefined, url: string) =>
    readAnswer('node', await run(network, '-e', NODE, url, String(LIMIT)));
  return { ask: question, close };
}

/**
 * This process's own program and what its loader loads for it (ld.so(8), --list), under names in one folder, so that
 * neither the loader's cache nor the layout of a distribution matters. Mounts, never volumes: for those a path that is
 * not there would be made (docker-run(1)).
 */
async function nodeOfHost(host: Host): Promise<{ mounts: string[]; words: string[] } | undefined> {
  const program = host.files.link('/proc/self/exe');
  const maps = host.files.text('/proc/self/maps') ?? '';
  if (program === undefined) return undefined;
  const mount = (source: string, target: string) => ['--mount', `type=bind,source=${source},target=${target},readonly`];
  const own = mount(program, '/stigmer/node');
  const loader = /(\/\S*\/(?:ld-linux|ld-musl|ld64|ld-\d)[^/\s]*)$/m.exec(maps)?.[1];
  if (loader === undefined) return /\.so(\.|$)/m.test(maps) ? undefined : { mounts: own, words: ['/stigmer/node'] };
  const listed = await host.ask([loader, '--list', program], { timeout: PATIENCE });
  if (listed.code !== 0) return undefined;
  const libraries = [...listed.stdout.matchAll(/^\s*(\S+) => (\/\S+)/gm)];
  const mounts = libraries.map(([, name, path]) => mount(host.files.real(path!) ?? path!, `/stigmer/${name}`));
  return {
    mounts: [...own, ...mount(loader, '/stigmer/loader'), ...mounts.flat()],
    words: ['/stigmer/loader', '--library-path', '/stigmer', '/stigmer/node'],
  };
}

/** An image that is here already and has a program to ask with. */
async function openLocal(host: Host, engine: Engine): Promise<ThrowAway | { unable: string }> {
  const listed = await call(host, engine.cli, ['images', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}']);
  const lines = listed.stdout.split('\n').map((line) => line.trim().split(' '));
  const images = lines.filter(([name]) => USABLE.test(name ?? '')).slice(0, MOST_IMAGES);
  for (const [, id] of images) {
    const opened = id ? await openImage(host, engine, id) : undefined;
    if (opened) return { ...opened, close: async () => {} };
  }
  return { unable: 'no image is here that could ask' };
}

async function openPulled(host: Host, engine: Engine): Promise<ThrowAway | { unable: string }> {
  // One that is here already stays.
  const kept = (await call(host, engine.cli, ['image', 'inspect', PULLED])).code === 0;
  const pulled = await call(host, engine.cli, ['pull', '-q', PULLED], { timeout: 120_000 });
  const close = async () => {
    if (!kept) await call(host, engine.cli, ['rmi', PULLED], { deaf: true });
  };
  const opened = pulled.code === 0 ? await openImage(host, engine, PULLED) : undefined;
  if (opened) return { ...opened, close };
  await close();
  return { unable: `${PULLED}: ${lastLine(pulled.stderr) || 'could not be pulled'}` };
}

async function openImage(host: Host, engine: Engine, image: string): Promise<Pick<ThrowAway, 'ask'> | undefined> {
  const enter = (network: string | undefined): Enter => {
    return ([program = '', ...words]) => once(host, engine, network, ['--entrypoint', program, image, ...words]);
  };
  const program: Program | undefined = await pickProgram(enter('none'));
  return program && { ask: (network, url) => ask(enter(network), program, url) };
}

/** Removes what a run left that was killed. What is younger may be another run's, which is still at it. */
async function sweep(host: Host, { cli }: Engine): Promise<void> {
  const [containers, images] = await Promise.all([
    call(host, cli, ['ps', '-a', '--filter', `name=${NAME}`, '--format', '{{.Names}}']),
    call(host, cli, ['images', NAME, '--format', '{{.Repository}}:{{.Tag}}']),
  ]);
  const stale = (text: string, pattern: RegExp) =>
    text.split('\n').filter((name) => Number(pattern.exec(name)?.[1] ?? Infinity) * 1000 < host.now() - STALE * 1000);
  const old = stale(containers.stdout, new RegExp(`^${NAME}-(\\d+)-`));
  if (old.length > 0) await call(host, cli, ['rm', '-f', ...old]);
  const left = stale(images.stdout, new RegExp(`${NAME}:(\\d+)-`));
  if (left.length > 0) await call(host, cli, ['rmi', '-f', ...left]);
}

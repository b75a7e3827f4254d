import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { type Account, accounts } from '../../launchd/accounts.ts';
import { PlistError } from '../../plist/error.ts';
import { readPlist, valueAt } from '../../plist/read.ts';
import type { Scene } from '../room.ts';
import { isAtWork, readAgent } from './agent.ts';
import { type App, findRunning, ofUser, type Running } from './app.ts';
import { readExpose } from './database.ts';
import { readSession } from './session.ts';

const SEARCH = "kMDItemCFBundleIdentifier == 'com.electron.ollama'";
const REOPENING = 15_000;

/** The app of each user who counts, and those that run for others. Their servers are taken out of `scene.servers`. */
export async function findApps(scene: Scene): Promise<{ apps: App[]; others: Running[] }> {
  const { host } = scene;
  const [people, running] = await Promise.all([accounts(host), findRunning(host)]);
  const theirs = new Set(running.flatMap(({ servers }) => servers.map(({ pid }) => pid)));
  scene.servers = scene.servers.filter(({ pid }) => !theirs.has(pid));
  const apps = await Promise.all(people.map((account) => findApp(host, account, running)));
  const others = running.filter(({ main }) => !people.some(({ uid }) => uid === main.uid));
  return { apps: apps.filter((app) => app !== undefined), others };
}

async function findApp(host: Host, account: Account, seen: readonly Running[]): Promise<App | undefined> {
  const running = await runningOf(host, account, seen);
  const bundle = running?.bundle ?? (await installedBundle(host, account));
  return bundle === undefined ? undefined : readApp(host, account, bundle, running);
}

/** At a login the agent ends the app and opens it again: in between there is none, and it is not one that was stopped. */
async function runningOf(host: Host, account: Account, seen: readonly Running[]): Promise<Running | undefined> {
  const deadline = host.now() + REOPENING;
  let running = ofUser(seen, account.uid);
  while (running === undefined && host.now() < deadline && (await isAtWork(host, account))) {
    await host.sleep(200, host.interrupted);
    if (host.interrupted.aborted) break;
    running = ofUser(await findRunning(host), account.uid);
  }
  return running;
}

/** Where it is put by hand or by the cask, else wherever Spotlight (mdfind(1)) has seen it. */
async function installedBundle(host: Host, { home }: Account): Promise<string | undefined> {
  const usual = ['/Applications/Ollama.app', `${home}/Applications/Ollama.app`];
  const there = usual.find((path) => host.files.stat(path) !== undefined);
  if (there !== undefined) return there;
  const { code, stdout } = await host.ask(['mdfind', SEARCH], { timeout: 5000 });
  const found = code === 0 ? stdout.split('\n') : [];
  return found.find((path) => /^\/.*\.app$/.test(path) && !path.includes('/.') && host.files.stat(path) !== undefined);
}

/** What the app is set to, by whoever may set it. */
export async function readApp(
  host: Host,
  account: Account,
  bundle: string,
  running: Pick<App, 'main' | 'servers'> | undefined,
): Promise<App> {
  const [expose, session, agent, version] = await Promise.all([
    readExpose(host, account),
    readSession(host, account),
    readAgent(host, account),
    readVersion(host, bundle),
  ]);
  return { account, bundle, version, main: running?.main, servers: running?.servers ?? [], expose, session, agent };
}

async function readVersion(host: Host, bundle: string): Promise<string | undefined> {
  try {
    const bytes = host.files.bytes(`${bundle}/Contents/Info.plist`);
    const version = bytes && valueAt(await readPlist(bytes), ['CFBundleShortVersionString']);
    return typeof version === 'string' ? version : undefined;
  } catch (error) {
    if (error instanceof PlistError || error instanceof FileError) return undefined;
    throw error;
  }
}

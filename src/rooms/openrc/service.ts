import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { type Process, readProcess } from '../../probes/processes.ts';
import { isServe, type Scene } from '../room.ts';
import { variableIn } from './shell.ts';

export const VARIABLE = 'OLLAMA_HOST';

/** Where OpenRC keeps what it knows of services while it runs (RC_SVCDIR, src/librc/rc.h.in in OpenRC/openrc). */
const STATE = '/run/openrc';

/** A file that is sourced for the service; `text` is undefined where there is none. */
export interface Source {
  path: string;
  text: string | undefined;
}

/** A service of OpenRC that runs Ollama. */
export interface Service {
  name: string;
  script: string;
  /** In the order in which they are sourced; the init script is the last, the file of the service's own the one before. */
  sources: Source[];
  /** A file that this user may not read. */
  unreadable: string | undefined;
  /** True when OpenRC has booted this system. */
  live: boolean;
}

/** By the init scripts: those of openrc-run that start `ollama serve`. */
export function findServices({ host, offline }: Scene): Service[] {
  const live = !offline && host.files.stat(`${STATE}/softlevel`) !== undefined;
  return host.files
    .list('/etc/init.d')
    .filter((name) => runsOllama(textAt(host, `/etc/init.d/${name}`) ?? ''))
    .map((name) => readService(host, name, live));
}

function runsOllama(text: string): boolean {
  return /^#!.*\bopenrc-run\b/.test(text) && /\bollama\b/.test(text) && /\b(?:serve|start)\b/.test(text);
}

/** What sh/openrc-run.sh.in sources: `conf.d/NAME.RUNLEVEL` takes the place of `conf.d/NAME`, and `a.b` comes after `a`. */
export function readService(host: Host, name: string, live: boolean): Service {
  const script = `/etc/init.d/${name}`;
  const level = live ? (textAt(host, `${STATE}/softlevel`) ?? '').trim() : '';
  const base = name.split('.')[0] ?? name;
  const own = [...new Set([base, name])].map((each) => {
    const special = `/etc/conf.d/${each}.${level || levelOf(host, name)}`;
    return host.files.stat(special) ? special : `/etc/conf.d/${each}`;
  });
  const global = ['/etc/rc.conf', ...host.files.list('/etc/rc.conf.d').map((each) => `/etc/rc.conf.d/${each}`)];
  const paths = [...global.filter((path) => path.endsWith('.conf')), ...own, script];
  let unreadable: string | undefined;
  const sources = paths.map((path) => {
    try {
      return { path, text: host.files.text(path) };
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      unreadable = path;
      return { path, text: undefined };
    }
  });
  return { name, script, sources, unreadable, live };
}

/** The runlevel that starts the service; undefined for one that only a person starts. */
export function levelOf({ files }: Host, name: string): string | undefined {
  return files.list('/etc/runlevels').find((level) => files.stat(`/etc/runlevels/${level}/${name}`) !== undefined);
}

/** A setting of the scripts, with what OpenRC itself puts into such words. */
export function setting({ sources, name }: Service, variable: string): string | undefined {
  const texts = sources.map(({ text = '' }) => text.replace(/\$(?:\{(?:RC_)?SVCNAME\}|(?:RC_)?SVCNAME\b)/g, name));
  return variableIn(texts, variable)?.value;
}

/** How OpenRC has marked the service (rc_service_state in src/librc/librc.c): each state is a folder of links. */
export function isMarked({ files }: Host, { name, live }: Service, state: string): boolean {
  return live && files.stat(`${STATE}/${state}/${name}`) !== undefined;
}

/** Servers that descend from the service's process or supervisor, or are in its control group (rc-cgroup.sh). */
export function serversOf(host: Host, service: Service, servers: readonly Process[]): Process[] {
  const roots = new Set(pidsOf(host, service));
  const isOurs = ({ pid, ppid, cgroup }: Process): boolean => {
    if (roots.has(pid) || cgroup === `/openrc.${service.name}`) return true;
    const parent = ppid > 1 ? readProcess(host, ppid) : undefined;
    return parent !== undefined && (isSupervisor(parent, service) || isOurs(parent));
  };
  const found = servers.filter((server) => isServe(server.argv) && isOurs(server));
  // A script with a start() of its own may leave no trace of what it has started.
  const started = found.length === 0 && isMarked(host, service, 'started');
  return started ? servers.filter(({ ppid, nested }) => ppid === 1 && !nested) : found;
}

function isSupervisor({ argv }: Process, { name }: Service): boolean {
  return /(?:^|\/)supervise-daemon$/.test(argv[0] ?? '') && argv[1] === name;
}

/** By the pid files that OpenRC has noted for the service, and by the script's. */
function pidsOf(host: Host, service: Service): number[] {
  const { name } = service;
  const dir = `${STATE}/daemons/${name}`;
  const noted = host.files.list(dir).map((each) => /^pidfile=(.*)$/m.exec(textAt(host, `${dir}/${each}`) ?? '')?.[1]);
  const files = [...noted, setting(service, 'pidfile')].filter((path) => path?.startsWith('/'));
  return files.map((path) => Number(textAt(host, path ?? ''))).filter((pid) => pid > 0);
}

/** True while somebody is there who would start it again. */
export function isSupervised(host: Host, service: Service): boolean {
  return pidsOf(host, service).some((pid) => readProcess(host, pid) !== undefined);
}

function textAt({ files }: Host, path: string): string | undefined {
  try {
    const stat = files.stat(files.real(path) ?? path);
    return stat?.kind === 'file' ? files.text(path) : undefined;
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { parseHost, sameBinding, scopeOf } from '../../ollama/host-value.ts';
import { hasCurlyQuotes, parseEnvironmentFile } from '../../systemd/environment.ts';
import { type Layer, readEnvironment, type UnitProblem } from '../../systemd/layers.ts';
import { parseUnit } from '../../systemd/unit-file.ts';
import { isServe, type Warning } from '../room.ts';
import { passwd } from './manager.ts';
import { PROBLEM_CODES, specifiers, type Unit, VARIABLE } from './unit.ts';

/** Why this unit's setting is not in effect or, where `log` is given, why its server is down; the first is the one to name. */
export async function reasonsOf(host: Host, unit: Unit, log: string | undefined): Promise<Warning[]> {
  if (log === undefined)
    return [...ignored(host, unit), ...beaten(unit), ...unset(unit), ...elsewhere(host, unit), ...misnamed(host, unit)];
  const { environment, shown } = unit;
  const again = shown?.get('SubState') === 'auto-restart';
  if (shown?.get('ActiveState') !== 'failed' && !again) return [];
  const curly = environment.problems.filter(
    ({ kind }) => kind === 'curly-quotes' && hasCurlyQuotes(environment.value ?? ''),
  );
  return curly.length > 0 ? curly.map(told) : broken(host, unit, log);
}

/** A line that was to set the variable and that systemd does not take. */
function ignored({ files }: Host, { environment }: Unit): Warning[] {
  if (environment.value !== undefined) return [];
  return environment.problems
    .filter(({ kind, path, line }) => {
      const lines = read(files, path)
        .split(/\r?\n/)
        .slice(line - 1);
      // What stands below an unknown heading is ignored with it.
      const text = kind === 'unknown-section' || kind === 'bad-section-header' ? lines.join('\n') : lines[0];
      return text?.includes(VARIABLE);
    })
    .map(told);
}

function told({ kind, path, line, message }: UnitProblem): Warning {
  const words = message.replace(/\.$/, '');
  return { code: PROBLEM_CODES[kind] ?? 'sd-malformed-environment-line', message: `In ${path}:${line}: ${words}` };
}

/** Where systemd's own settings of its environment are kept for good (systemd-system.conf(5), DefaultEnvironment=). */
const MANAGERS = ['/etc/systemd/system.conf', '/etc/systemd/system.conf.d', '/usr/lib/systemd/system.conf.d'];

/** What the running server was started with and the next will not be: by /run, by the manager, or by a file that has changed. */
export function fleetingOf({ files }: Host, unit: Unit, wanted: string): Warning | undefined {
  const { environment, manager, inherited, name } = unit;
  const { value, layers } = environment;
  const source = layers.find(({ effective }) => effective)?.source ?? '';
  const warn = (message: string): Warning => ({ code: 'not-durable', message, remedy: 'npx stigmer-setup-ollama' });
  if (/^\/run\/(?!systemd\/(?:generator|transient))/.test(source))
    return warn(`OLLAMA_HOST is set in ${source}, which is gone at the next boot.`);
  if (value !== undefined) {
    if (sameBinding(value, wanted)) return undefined;
    return warn(`${name} was started with another value than the OLLAMA_HOST=${value} that ${source} has by now.`);
  }
  if (inherited === undefined && sameBinding('', wanted)) return undefined;
  // What a script sets is out of sight.
  const [command = []] = environment.execCommands;
  if (manager.kind !== 'systemd' || !isServe(command) || environment.unreadable.length > 0) return undefined;
  if (inherited === undefined) return warn(`${name} was started with an OLLAMA_HOST that no file of it sets any more.`);
  const own = MANAGERS.flatMap((path) => [path, ...files.list(path).map((file) => `${path}/${file}`)]);
  if (own.some((path) => path.endsWith('.conf') && read(files, path).includes(VARIABLE))) return undefined;
  return warn('OLLAMA_HOST was set with `systemctl set-environment`, which lasts until the next boot.');
}

const opensAll = ({ value }: Pick<Layer, 'value'>) => value !== undefined && scopeOf(parseHost(value)) === 'all';

/** A setting that would do, and a stronger one that does not. */
function beaten({ environment: { layers } }: Unit): Warning[] {
  const winner = layers.find(({ effective }) => effective);
  const loser = layers.findLast((layer) => !layer.effective && opensAll(layer));
  if (winner?.value === undefined || loser === undefined || opensAll(winner)) return [];
  const code = codeOf(winner, loser);
  if (code === undefined) return [];
  const message = `OLLAMA_HOST=${loser.value} in ${loser.source} is beaten by OLLAMA_HOST=${winner.value} in ${winner.source}`;
  return [{ code, message }];
}

/** A value that would do, and a line that takes it away. */
function unset({ environment: { layers } }: Unit): Warning[] {
  const winner = layers.find(({ effective }) => effective);
  const loser = layers.findLast((layer) => !layer.effective && opensAll(layer));
  if (winner?.kind !== 'UnsetEnvironment' || loser === undefined) return [];
  const message = `OLLAMA_HOST=${loser.value} in ${loser.source} is taken away by UnsetEnvironment= in ${winner.source}`;
  return [{ code: 'sd-unset-environment', message }];
}

function codeOf(winner: Layer, loser: Layer): string | undefined {
  if (winner.kind === 'ExecStart') return 'set-in-exec-start';
  if (loser.kind !== 'Environment') return undefined;
  if (winner.kind === 'EnvironmentFile') return 'sd-environmentfile-overrides-dropin';
  const dropIn = winner.kind === 'Environment' && winner.source.endsWith('.conf');
  return dropIn && winner.source !== loser.source ? 'sd-later-dropin-wins' : undefined;
}

/** Where people and packages keep the variables of a service. */
const FILES = ['/etc/default/ollama', '/etc/sysconfig/ollama', '/etc/ollama.conf', '/etc/ollama.env'].concat([
  '/etc/ollama/ollama.conf',
  '/etc/ollama/ollama.env',
  '/etc/conf.d/ollama',
]);

/** A file of variables that sets it, and that the unit of Ollama's installer does not name. */
function elsewhere({ files }: Host, { environment, files: unit, manager }: Unit): Warning[] {
  if (manager.kind !== 'systemd' || environment.value !== undefined) return [];
  if (unit.fragment !== '/etc/systemd/system/ollama.service') return [];
  const used = environment.environmentFiles.map(({ path }) => path);
  const lost = FILES.find(
    (path) =>
      !used.includes(path) &&
      parseEnvironmentFile(read(files, path)).some((one) => one.name === VARIABLE && opensAll(one)),
  );
  if (lost === undefined) return [];
  const message = `${lost} sets OLLAMA_HOST, and no EnvironmentFile= of ${unit.unit} names it`;
  return [{ code: 'sd-envfile-reference-lost-on-upgrade', message }];
}

/** Names that Ollama does not read (envconfig/config.go in ollama/ollama), and that have been taken for OLLAMA_HOST. */
const MISNAMED = ['OLLAMA', 'OLLAMA_IP', 'OLLAMA_PORT', 'OLLAMA_BIND', 'OLLAMA_ADDRESS', 'OLLAMA_LISTEN'];

function misnamed(host: Host, { name, manager, files, environment }: Unit): Warning[] {
  if (environment.value !== undefined) return [];
  const words = specifiers(host, manager, name);
  const setTo = (variable: string) => readEnvironment(host.files, files, variable, words).value;
  const wrong = MISNAMED.find((variable) => setTo(variable) !== undefined);
  const code = 'wrong-variable-name';
  if (wrong) return [{ code, message: `${name} sets ${wrong}, a variable that Ollama does not read` }];
  const models = setTo('OLLAMA_MODELS');
  if (models === undefined || !/^(?:\*|\d+(?:\.\d+){3}(?::\d+)?)$/.test(models)) return [];
  return [{ code, message: `${name} sets OLLAMA_MODELS=${models}, which is the place of the models and no address` }];
}

/** Why the server does not stay up. */
async function broken(host: Host, unit: Unit, log: string): Promise<Warning[]> {
  const label = await forbidden(host, unit);
  if (label) return [label];
  const folder = unusable(host, unit, log);
  return folder ? [folder] : notAgain(host, unit);
}

/** 203 is EXIT_EXEC (systemd.exec(5)); a program in a home carries the label of homes (selinux(8), ls(1) -Z). */
async function forbidden(host: Host, { shown, environment }: Unit): Promise<Warning | undefined> {
  const [program = ''] = environment.execCommands[0] ?? [];
  if (shown?.get('ExecMainStatus') !== '203' || read(host.files, '/sys/fs/selinux/enforce').trim() !== '1')
    return undefined;
  const { stdout } = await host.ask(['ls', '-Z', program], { timeout: 2000 });
  const type = /^\S+?:\S+?:(\w+_t)\b/.exec(stdout.trim())?.[1];
  if (type === undefined || !/^(?:user_home|user_tmp|tmp|admin_home|default|unlabeled|var|home)\w*_t$/.test(type))
    return undefined;
  const message = `systemd may not run ${program}: SELinux enforces, and its label is ${type}`;
  return { code: 'sd-selinux-exec-denied', message };
}

/** What Go says of a folder that its user may not make or look into, where it is the home's or OLLAMA_MODELS'. */
const DENIED =
  /\b(?:mkdir|open|stat|lstat) (\/[^\n:]*): (?:permission denied|no such file or directory|read-only file system)/;

function unusable(host: Host, { name, manager, files, environment }: Unit, log: string): Warning | undefined {
  const path = DENIED.exec(log)?.[1];
  if (path === undefined) return undefined;
  const within = (folder: string | undefined) =>
    folder !== undefined && (path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`));
  const words = specifiers(host, manager, name);
  const models = readEnvironment(host.files, files, 'OLLAMA_MODELS', words).value?.replace(/\/+$/, '');
  const user = environment.user ?? manager.user.name;
  const message = `${user} cannot use ${path}`;
  if (within(models)) return { code: 'sd-models-dir-unreachable', message: `${message}, on the way to OLLAMA_MODELS` };
  const home = passwd(host).find((account) => account.name === user)?.home;
  return within(home)
    ? { code: 'sd-home-missing-or-unwritable', message: `${message}, and its home is ${home}` }
    : undefined;
}

/** RestartPreventExitStatus= holds for every start that Ollama gives up with 1 (systemd.service(5)). */
function notAgain(host: Host, { name, files, shown, environment }: Unit): Warning[] {
  if (shown?.get('ActiveState') !== 'failed' || shown.get('ExecMainStatus') !== '1') return [];
  const paths = [files.fragment ?? '', ...files.dropIns].filter((path) => !environment.unreadable.includes(path));
  let codes: string[] = [];
  for (const { key, value } of paths.flatMap((path) => parseUnit(read(host.files, path)).assignments)) {
    if (key === 'RestartPreventExitStatus') codes = value === '' ? [] : [...codes, ...value.split(/\s+/)];
  }
  if (!codes.includes('1')) return [];
  const message = `${name} ended with 1, after which its RestartPreventExitStatus= keeps systemd from starting it again`;
  return [{ code: 'sd-exit1-not-restarted', message }];
}

function read(files: Host['files'], path: string): string {
  try {
    return files.text(path) ?? '';
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}

import { type FileChange, missingFolders, stateOf } from '../../actions/file.ts';
import type { Host } from '../../host/host.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import type { Refusal, Scene } from '../room.ts';
import { type Service, type Source, VARIABLE } from './service.ts';
import { exportIn, setsLater, variableIn } from './shell.ts';

/** The file in conf.d that is the service's own. */
export function ownFile({ sources }: Service): Source {
  return sources.at(-2) as Source;
}

/** True when the server is given this value. */
export function isGiven(sources: readonly Source[], wanted: string): boolean {
  const found = variableIn(textsOf(sources), VARIABLE);
  return found?.exported === true && found.value !== undefined && sameBinding(found.value, wanted);
}

export function textsOf(sources: readonly Source[]): string[] {
  return sources.map(({ text = '' }) => text);
}

/** The one file to change so that the server is given `wanted`, proved on the model: conf.d's, or else the init script. */
export function changesFor(
  { host, version, offline }: Scene,
  service: Service,
  wanted: string,
): FileChange[] | Refusal {
  const { sources, script, name } = service;
  const own = ownFile(service);
  const wrapped = sources.find(({ text = '' }) => setsLater(text, VARIABLE));
  if (wrapped) return notOurs(name, wrapped.path);
  if (isGiven(sources, wanted)) return [];
  for (const path of [own.path, script]) {
    const { text } = sources.find((source) => source.path === path) ?? {};
    for (const replace of [true, false]) {
      // What a package brought gets no lines of ours.
      if (path === script && !(replace && variableIn([text ?? ''], VARIABLE)?.simple)) continue;
      const next = exportIn(text ?? header(version), VARIABLE, wanted, replace);
      const draft = sources.map((source) => (source.path === path ? { path, text: next } : source));
      if (isGiven(draft, wanted)) return [changeOf(host, path, text, next, offline)];
    }
  }
  return notOurs(name, script);
}

function header(version: string): string {
  return `# Tells Ollama where to listen. Written by stigmer-setup-ollama ${version}.\n# Take it back with: npx stigmer-setup-ollama undo\n`;
}

function changeOf(host: Host, named: string, text: string | undefined, next: string, offline: boolean): FileChange {
  const path = host.files.real(named) ?? named;
  const stat = host.files.stat(path);
  const owner = offline ? { uid: host.user.uid, gid: host.user.gid } : { uid: 0, gid: 0 };
  const ownership = stat ? { mode: stat.mode, uid: stat.uid, gid: stat.gid } : { mode: 0o644, ...owner };
  const [before, after] = [(text ?? '').split('\n'), next.split('\n')];
  const at = after.findIndex((line, i) => line !== before[i]);
  const replaced = before.length === after.length ? (before[at] ?? null) : null;
  return {
    type: 'file',
    id: 'write-conf-d',
    title: `${stat ? 'Change' : 'Write'} ${path}, which OpenRC reads at every start`,
    path,
    identity: offline ? 'self' : 'root',
    from: text === undefined ? null : stateOf(text, ownership),
    to: stateOf(next, ownership),
    folders: missingFolders(host, path, { ...owner, mode: 0o755 }),
    lines: [{ ours: text === undefined ? (after.at(-2) ?? '') : (after[at] ?? ''), was: replaced }],
    validate: {
      files: { script: Buffer.from(next).toString('base64') },
      argv: ['sh', '-n', '{dir}/script'],
      blame: null,
    },
  };
}

/** What a start() function, or the words of the command, give to the server is stronger than all that is exported. */
function notOurs(name: string, path: string): Refusal {
  return {
    code: 'set-in-init-script',
    exit: 4,
    message: `${path} sets ${VARIABLE} for ${name} in a way that nothing exported can change.`,
    meaning: 'It has to be changed there by hand, so nothing was changed.',
    remedy: `sudoedit ${path}   # ${VARIABLE}, then: sudo rc-service ${name} restart`,
  };
}

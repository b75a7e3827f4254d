import { EXIT, SetupError } from '../errors.ts';
import type { ExportRequest } from '../export/reg.ts';
import type { Options } from '../flags.ts';
import type { Host } from '../host/host.ts';
import { scopeOf } from '../ollama/host-value.ts';
import { nearest } from '../usage.ts';
import { readWanted } from './wanted.ts';

type Wanted = Pick<Options, 'host'> & Partial<Pick<Options, 'allow'>>;

/** The change in one form for hosts without Node; each is loaded when it is asked for. */
type Format = (request: ExportRequest) => Promise<string>;

const FORMATS: Readonly<Record<string, Format>> = {
  ansible: async (request) => (await import('../export/ansible.ts')).ansible(request),
  'cloud-init': async (request) => (await import('../export/cloud-config.ts')).cloudConfig(request),
  sh: async (request) => (await import('../export/sh.ts')).sh(request),
  reg: async (request) => (await import('../export/reg.ts')).reg(request),
  'reg-undo': async (request) => (await import('../export/reg.ts')).regUndo(request),
};

/**
 * What `setup` would do, as text, on whatever platform: nothing of this host is looked at.
 * @throws SetupError exit 2 for a format that does not exist, and for a --host that Ollama would misread, and for an
 *   --allow that the format has no form of
 */
export async function exported({ format, ...more }: Wanted & Pick<Options, 'format'>): Promise<string> {
  const make = Object.hasOwn(FORMATS, format ?? '') ? FORMATS[format ?? ''] : undefined;
  if (make === undefined || format === undefined) throw noFormat(format);
  return make(await requestOf(format, more));
}

/**
 * The same as a role of Ansible, written into a folder; answers with the paths of its files, one a line.
 * @throws SetupError exit 2 also for another format, and for a file of somebody else's in the way
 */
export async function exportedRole(
  { format, role, ...more }: Wanted & Pick<Options, 'format'> & { role: string },
  host: Host,
): Promise<string> {
  if (format !== 'ansible')
    throw new SetupError('usage', EXIT.usage, '--role goes with export ansible alone.', {
      meaning: 'Nothing was written.',
      remedy: `npx stigmer-setup-ollama export ansible --role ${role}`,
    });
  const request = await requestOf(format, more);
  const [{ ansibleRole, ROLE_MARK }, { writeFolder }] = await Promise.all([
    import('../export/ansible.ts'),
    import('./role.ts'),
  ]);
  return writeFolder(host, role, ansibleRole(request), ROLE_MARK);
}

async function requestOf(format: string, { host, allow = 'any' }: Wanted): Promise<ExportRequest> {
  const { value, canonical } = readWanted(host, `export ${format} `);
  if (allow === 'any') return { wanted: canonical, version: __VERSION__ };
  const { contradiction, noFilterOnWindows } = await import('./allow.ts');
  if (format.startsWith('reg')) throw noFilterOnWindows(format, allow, value.port);
  if (scopeOf(value) === 'loopback') throw contradiction(allow, host, `export ${format} `);
  return { wanted: canonical, version: __VERSION__, allow };
}

function noFormat(format: string | undefined): SetupError {
  const names = Object.keys(FORMATS);
  const meaning = `There is: ${names.join(', ')}.`;
  if (format === undefined)
    return new SetupError('usage', EXIT.usage, 'export needs the name of a format.', {
      meaning,
      remedy: `npx stigmer-setup-ollama export ${names[0]}`,
    });
  return new SetupError('usage', EXIT.usage, `There is no format ${format}.`, {
    meaning,
    remedy: `did you mean ${nearest(format, names)}?`,
  });
}

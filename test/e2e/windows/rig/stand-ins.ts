import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { must } from '../../rig/outside.ts';
import { markUsed, removeUnused } from './cache.ts';
import { withLock } from './lock.ts';
import { SOURCES, WINE_HOME } from './places.ts';

const MINGW = 'x86_64-w64-mingw32-gcc';
const WARNINGS = ['-Wall', '-Wextra', '-Wno-missing-field-initializers'];
const LIBRARIES = ['iphlpapi', 'ws2_32', 'shell32', 'ole32', 'uuid', 'advapi32'].map((name) => `-l${name}`);
const COMMON = ['files', 'record', 'output', 'processes'];

/** The programs, by what they are compiled from. */
const PROGRAMS: Record<string, readonly string[]> = {
  ...Object.fromEntries(
    ['netstat', 'tasklist', 'taskkill', 'setx', 'whoami', 'recorded', 'reg', 'chcp', 'ollama'].map((name) => [
      name,
      [name],
    ]),
  ),
  ...{ sc: ['sc', 'services'], 'service-host': ['service-host', 'services'] },
  ...{ launch: ['launch'], registry: ['registry'], link: ['link'] },
  'ollama app': ['app', 'app-server', 'app-path', 'app-settings'],
};

/** A hash of everything the stand-ins are made of. */
export function standInsKey(): string {
  const hash = createHash('sha256').update(JSON.stringify([WARNINGS, LIBRARIES, COMMON, PROGRAMS]));
  for (const file of readdirSync(SOURCES).sort()) hash.update(file).update(readFileSync(`${SOURCES}/${file}`));
  return hash.digest('hex').slice(0, 12);
}

/** The folder of the compiled stand-ins: NAME.exe, share-port.so, expose.py. */
export async function ensureStandIns(): Promise<string> {
  const folder = `${WINE_HOME}/programs-${standInsKey()}`;
  if (existsSync(folder)) {
    markUsed(folder);
    return folder;
  }
  return withLock('windows-programs', async () => {
    if (existsSync(folder)) return folder;
    removeUnused('programs-');
    const draft = `${folder}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await compile(draft);
    await must(['mv', '-T', draft, folder]);
    return folder;
  });
}

async function compile(folder: string): Promise<void> {
  const objects = [...new Set([...COMMON, ...Object.values(PROGRAMS).flat()])];
  const flags = ['-std=c11', '-O1', ...WARNINGS, '-Werror', '-DUNICODE', '-D_UNICODE'];
  const work = objects.map(
    (name) => () => must([MINGW, ...flags, '-c', `${SOURCES}/${name}.c`, '-o', `${folder}/${name}.o`], SLOW),
  );
  const linking = Object.entries(PROGRAMS).map(([name, parts]) => () => {
    const inputs = [...parts, ...COMMON].map((part) => `${folder}/${part}.o`);
    const kind = name === 'ollama app' ? ['-mwindows'] : [];
    return must([MINGW, '-municode', ...kind, '-s', '-o', `${folder}/${name}.exe`, ...inputs, ...LIBRARIES], SLOW);
  });
  await inParallel(work);
  await inParallel(linking);
  await must(
    ['gcc', '-O1', ...WARNINGS, '-shared', '-fPIC', '-o', `${folder}/share-port.so`, `${SOURCES}/share-port.c`, '-ldl'],
    SLOW,
  );
  await must(['cp', `${SOURCES}/expose.py`, folder]);
  await must(['rm', ...objects.map((name) => `${folder}/${name}.o`)]);
}

const SLOW = { timeout: 300_000 };

/** Four at a time: the compiler reads the whole of windows.h for each file. */
async function inParallel(work: (() => Promise<unknown>)[]): Promise<void> {
  const left = [...work];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) await next();
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { must } from './outside.ts';
import { HOME, names } from './places.ts';

const SOURCE = path.join(import.meta.dirname, 'ollama-stand-in');

/** The stand-in for Ollama's server, as a static program; its name carries the hash of its source. */
export function standInBinary(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'main.go']) hash.update(readFileSync(path.join(SOURCE, file)));
  return `${HOME}/ollama-${hash.digest('hex').slice(0, 12)}`;
}

/** Compiles the stand-in when its source changed. */
export async function ensureStandIn(): Promise<void> {
  const binary = standInBinary();
  if (existsSync(binary)) return;
  mkdirSync(HOME, { recursive: true });
  for (const old of names(HOME)) if (/^ollama-[0-9a-f]{12}$/.test(old)) rmSync(`${HOME}/${old}`);
  const draft = `${binary}.${process.pid}`;
  const build = ['go', 'build', '-buildvcs=false', '-trimpath', '-ldflags=-s -w', '-o', draft, '.'];
  await must(build, { cwd: SOURCE, timeout: 300_000, env: { ...environment(), CGO_ENABLED: '0', GOPROXY: 'off' } });
  renameSync(draft, binary);
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

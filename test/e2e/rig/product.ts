import { chmodSync, cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import type { Handle, RunOptions, RunResult, TestHost } from './host.ts';
import { must } from './outside.ts';
import { REPO } from './places.ts';

const HOME = '/opt/product';

/** The command's name inside a host. */
export const COMMAND = 'stigmer-setup-ollama';

/** How a run of the product ended; `report` is its standard output parsed, when it was asked for JSON. */
export interface ProductResult extends RunResult {
  report: unknown;
}

/** Copies the built product, as npm would install it, into a host and puts its command on the PATH. */
export function installProduct(host: TestHost): void {
  if (!existsSync(path.join(REPO, 'dist/cli.js'))) throw new Error('dist/cli.js is missing: run `npm run build` first');
  host.makeDirectory(HOME);
  for (const part of ['dist', 'package.json', 'report.schema.json']) {
    const source = path.join(REPO, part);
    if (existsSync(source)) cpSync(source, path.join(host.outsidePath(HOME), part), { recursive: true });
  }
  chmodSync(host.outsidePath(`${HOME}/dist/cli.js`), 0o755);
  if (!host.exists(`/usr/local/bin/${COMMAND}`)) host.symlink(`${HOME}/dist/cli.js`, `/usr/local/bin/${COMMAND}`);
}

/** Runs the product in a host. With --json among the words, standard output has to be one JSON text. */
export async function product(
  host: TestHost,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ProductResult> {
  const result = await host.run([COMMAND, ...args], options);
  return { ...result, report: args.includes('--json') ? parse(result) : undefined };
}

/** Runs the product on this machine, on the files of an image. It has to end with 0. */
export async function onImage(args: readonly string[]): Promise<void> {
  await must([process.execPath, path.join(REPO, 'dist/cli.js'), ...args]);
}

/** Starts the product in a host, to be signalled or typed to while it runs. */
export function spawnProduct(host: TestHost, args: readonly string[], options: Omit<RunOptions, 'input'> = {}): Handle {
  return host.spawn([COMMAND, ...args], options);
}

function parse({ code, stdout, stderr }: RunResult): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON on standard output (exit code ${code})\nstdout: ${stdout}\nstderr: ${stderr}`);
  }
}

import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { median, show } from './figures.ts';
import { type Published, serve } from './registry.ts';

const ROUNDS = 7;
const REPO = path.resolve(import.meta.dirname, '../..');
const EMPTY = { name: 'empty-package', version: '1.0.0', bin: 'cli.js' };

describe('the first minute', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-install-'));
  let registry: Awaited<ReturnType<typeof serve>>;
  let vite: Published | undefined;

  beforeAll(async () => {
    const empty = path.join(folder, EMPTY.name);
    mkdirSync(empty);
    writeFileSync(path.join(empty, 'package.json'), JSON.stringify(EMPTY));
    writeFileSync(path.join(empty, 'cli.js'), '#!/usr/bin/env node\n');
    vite = fromNpm('create-vite');
    registry = await serve([packed(REPO), packed(empty), ...(vite ? [vite] : [])]);
  });
  afterAll(() => {
    registry.server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('npx with nothing in its cache, from a registry on loopback', async () => {
    const commands = [
      ['stigmer-setup-ollama', '--version'],
      [EMPTY.name],
      ...(vite ? [['create-vite', '--help']] : []),
    ];
    const times = new Map(commands.map(([name]) => [name, [] as number[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, ...words] of commands) times.get(name)?.push(await npx(registry.url, [name!, ...words]));
    }
    const [own, empty, other] = [...times.values()].map(median);
    show('npx, cold, against an empty package', own!, empty!, 1.3);
    if (other !== undefined) show('npx, cold, against create-vite', own!, other, 1);
    else console.log('npx against create-vite: npm has no way to the registry from here');
  });

  function packed(source: string): Published {
    const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    const [{ filename }] = JSON.parse(execFileSync('npm', words, { cwd: source, encoding: 'utf8' })) as [
      { filename: string },
    ];
    const manifest = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
    return { manifest: { ...manifest, scripts: {} }, archive: readFileSync(path.join(folder, filename)) };
  }

  function fromNpm(name: string): Published | undefined {
    try {
      const view = execFileSync('npm', ['view', name, '--json'], { encoding: 'utf8', stdio: 'pipe' });
      const [{ filename }] = JSON.parse(
        execFileSync('npm', ['pack', name, '--json'], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }),
      ) as [{ filename: string }];
      return { manifest: JSON.parse(view), archive: readFileSync(path.join(folder, filename)) };
    } catch {
      return undefined;
    }
  }

  /** Seconds from the call to its end. */
  async function npx(url: string, words: readonly string[]): Promise<number> {
    const cache = mkdtempSync(path.join(folder, 'cache-'));
    const start = performance.now();
    await promisify(execFile)('npx', ['--yes', '--registry', url, '--cache', cache, ...words], {
      cwd: cache,
      env: { ...process.env, npm_config_update_notifier: 'false', npm_config_audit: 'false' },
    });
    const seconds = (performance.now() - start) / 1000;
    rmSync(cache, { recursive: true, force: true });
    return seconds;
  }
});

// Records docs/recording.svg from a real run on a real host of the end-to-end tests. It takes what these take: Linux,
// root, systemd-nspawn, mmdebstrap, and tmux besides. Build first.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const words = ['vitest', 'run', '--config', 'vitest.e2e.config.ts', 'test/e2e/recording.test.ts', '--retry=0'];
const env = { ...process.env, STIGMER_RECORDING: path.join(root, 'docs/recording.svg') };
process.exitCode = spawnSync('npx', words, { cwd: root, env, stdio: 'inherit' }).status ?? 1;

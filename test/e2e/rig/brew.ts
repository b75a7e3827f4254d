import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestHost } from './host.ts';
import { installBinary, waitForListener } from './ollama.ts';

export const BREW_UNIT = 'homebrew.ollama.service';
export const BREW = '/home/linuxbrew/.linuxbrew/bin/brew';

/** Ann, who has no rights, with Homebrew's Ollama as a service of her own that outlasts her sessions. */
export async function installFromHomebrew(host: TestHost): Promise<void> {
  await host.addUser('ann');
  installBinary(host, '/home/linuxbrew/.linuxbrew/opt/ollama/bin/ollama');
  host.makeDirectory(path.dirname(BREW));
  host.write(BREW, readFileSync(path.join(import.meta.dirname, 'brew.sh'), 'utf8'), { mode: 0o755 });
  await host.must(['loginctl', 'enable-linger', 'ann']);
  await host.waitFor(() => host.exists('/run/user/1000/bus'), 30_000, "ann's service manager");
  await host.must([BREW, 'services', 'start', 'ollama'], { user: 'ann' });
  await waitForListener(host);
}

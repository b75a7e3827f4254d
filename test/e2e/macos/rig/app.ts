import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestHost } from '../../rig/host.ts';
import { standInBinary } from '../../rig/stand-in.ts';
import type { AppOptions } from './options.ts';

const MAIN = path.join(import.meta.dirname, 'programs/main.py');
const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`;

/** Puts Ollama.app on the Mac, and the database that it has when it was opened before (macos.md 3.1, 3.3, 3.5). */
export async function installApp(host: TestHost, options: AppOptions): Promise<void> {
  const bundle = options.path ?? '/Applications/Ollama.app';
  const program = readFileSync(MAIN);
  const owner = { uid: 501, gid: 80 };
  host.write(`${bundle}/Contents/MacOS/Ollama`, program, { ...owner, mode: 0o755 });
  host.write(`${bundle}/${SQUIRREL}`, program, { ...owner, mode: 0o755 });
  host.write(`${bundle}/Contents/Resources/ollama`, readFileSync(standInBinary()), { ...owner, mode: 0o755 });
  host.write(`${bundle}/Contents/Info.plist`, info(options.version ?? '0.32.15'), owner);
  host.write(`${bundle}/Contents/Library/LaunchAgents/com.ollama.ollama.plist`, loginItem(bundle), owner);
  if (options.cli ?? true) {
    if (host.exists('/usr/local/bin/ollama')) host.remove('/usr/local/bin/ollama');
    host.symlink(`${bundle}/Contents/Resources/ollama`, '/usr/local/bin/ollama');
  }
  if (options.expose === null || isElectron(options.version)) return;
  const row = { expose: options.expose ?? 0, ...options.settings };
  const words = ['/usr/bin/python3', '-I', '/usr/local/libexec/mac/seed_app.py'];
  await host.must(words, { user: 'me', input: JSON.stringify({ schema: options.schema ?? 17, row }) });
}

const SQUIRREL = 'Contents/Frameworks/Squirrel.framework/Versions/A/Squirrel';

/** Up to 0.9.6 the app was another one, without a database. */
function isElectron(version = '0.32.15'): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 0 && minor < 10;
}

function info(version: string): string {
  return `${HEAD}<dict>
\t<key>CFBundleExecutable</key>
\t<string>Ollama</string>
\t<key>CFBundleIdentifier</key>
\t<string>com.electron.ollama</string>
\t<key>CFBundleName</key>
\t<string>Ollama</string>
\t<key>CFBundleShortVersionString</key>
\t<string>${version}</string>
\t<key>CFBundleVersion</key>
\t<string>${version}</string>
\t<key>LSUIElement</key>
\t<true/>
</dict>
</plist>
`;
}

function loginItem(bundle: string): string {
  return `${HEAD}<dict>
\t<key>Label</key>
\t<string>com.ollama.ollama</string>
\t<key>LimitLoadToSessionType</key>
\t<string>Aqua</string>
\t<key>ProgramArguments</key>
\t<array>
\t\t<string>${bundle}/${SQUIRREL}</string>
\t\t<string>background</string>
\t</array>
\t<key>RunAtLoad</key>
\t<true/>
</dict>
</plist>
`;
}

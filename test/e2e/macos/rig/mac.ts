import type { TestHost } from '../../rig/host.ts';
import { withHost } from '../../rig/host.ts';
import { Mac } from './machine.ts';
import type { MacOptions } from './options.ts';
import { listening } from './ports.ts';
import { binds, prepare } from './setup.ts';

export { diffSnapshots, PASSWORD } from '../../rig/host.ts';
export { remountReadOnly } from './disks.ts';
export { Mac } from './machine.ts';
export type * from './options.ts';

/** Boots an emulated Mac for a test, says all about it when the test fails, and stops it in any case. */
export function withMac<T>(name: string, options: MacOptions, test: (mac: Mac) => Promise<T>): Promise<T> {
  const { diskMegabytes } = options;
  const host = { binds: binds(), node: false as const, ...(diskMegabytes !== undefined && { diskMegabytes }) };
  return withHost(name, host, async (host: TestHost) => {
    await prepare(host, options);
    const mac = new Mac(host);
    await mac.start();
    try {
      await launchApp(mac, options);
      for (const each of options.handRun ?? []) await listening(host, await mac.startByHand(each));
      return await test(mac);
    } catch (error) {
      if (error instanceof Error) error.message += `\n${await mac.describe()}`;
      throw error;
    }
  });
}

/** Brings the app to the state that was asked for: the login item has started it already, or it is opened now. */
async function launchApp(mac: Mac, { app, console = true }: MacOptions): Promise<void> {
  if (!app) return;
  const opened = app.expose !== null;
  if (app.launched === false && (app.loginItem ?? opened)) {
    await mac.configure({ loginItems: { me: app.path ?? '/Applications/Ollama.app' } });
  }
  if (!console || !(app.launched ?? opened)) return;
  if (app.loginItem === false || !opened) await mac.openApp(app);
  await mac.appReady();
}

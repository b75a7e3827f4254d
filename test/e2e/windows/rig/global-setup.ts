import { windowsUnavailable } from './available.ts';
import { prepareWindows } from './windows.ts';

/** Vitest's global setup: what all machines share is made before the first test's time runs. */
export default async function setup(): Promise<void> {
  if (windowsUnavailable() === undefined) await prepareWindows();
}

import type { Windows } from './windows.ts';

/** What a reader of a failed test needs to know. It asks no Windows program: one that hangs may be why the test failed. */
export function describeFailure(windows: Windows): string {
  const parts: Record<string, () => string[]> = {
    listeners: () => windows.listeners().map(({ address, port }) => `${address} ${port}`),
    calls: () => windows.calls().map(({ commandLine, cwd }) => `${commandLine}   (in ${cwd})`),
    starts: () => windows.starts().map(({ commandLine, pid, env }) => `${pid} ${commandLine} ${env.OLLAMA_HOST ?? ''}`),
    'app.log': () => [windows.appLog()],
    'server.log': () => [windows.serverLog()],
  };
  const texts = Object.entries(parts).map(([title, ask]) => `--- ${title}\n${attempt(ask) || '(nothing)'}`);
  return `=== Windows of ${windows.folders.profile}\n${texts.join('\n')}`;
}

function attempt(ask: () => string[]): string {
  try {
    return ask().join('\n');
  } catch (error) {
    return `(${error instanceof Error ? error.message : error})`;
  }
}

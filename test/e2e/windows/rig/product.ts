import type { NodeLine } from './places.ts';
import type { Environment, LaunchOptions, LaunchResult } from './wine.ts';

/** How a run of the product ended; `report` is its standard output parsed, when it was asked for JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into it as they please
export type Report = any;

export interface ProductResult extends LaunchResult {
  report: Report;
}

/** How the product is run. */
export interface ProductOptions extends LaunchOptions {
  node?: NodeLine;
}

/** Windows Node; 22 unless told. */
export function nodeProgram(line: NodeLine = '22'): string {
  return `C:\\Program Files\\nodejs-${line}\\node.exe`;
}

/** Where `npx` puts the product. */
export function productFolder(localAppData: string): string {
  return `${localAppData}\\npm-cache\\_npx\\7a1c\\node_modules\\stigmer-setup-ollama`;
}

/** What npm adds to the environment: none of it may reach the Ollama that the product starts (facts/windows.md 3.4). */
export function npmEnvironment(cwd: string): Environment {
  return {
    npm_command: 'exec',
    npm_lifecycle_event: 'npx',
    npm_config_user_agent: 'npm/10.8.2 node/v22.22.2 win32 x64 workspaces/false',
    npm_execpath: 'C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npx-cli.js',
    INIT_CWD: cwd,
  };
}

/** The JSON text that a run printed. */
export function parseReport({ code, stdout, stderr }: LaunchResult): Report {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON on standard output (exit code ${code})\nstdout: ${stdout}\nstderr: ${stderr}`);
  }
}

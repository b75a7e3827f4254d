import type { Host } from '../../host/host.ts';
import { DEFAULT_PORT, parseHost, scopeOf } from '../../ollama/host-value.ts';
import { localData } from '../../windows/system.ts';

/**
 * The app's own switch, "Expose Ollama to the network": one column of the one row of one table (app/store/database.go in
 * ollama/ollama). When it is on, the app gives its server OLLAMA_HOST=0.0.0.0, whatever there was (app/server/server.go).
 */
export type Expose =
  | { kind: 'known'; on: boolean }
  /** There is no database: the app is one without such a switch, or was never opened. */
  | { kind: 'missing' }
  | { kind: 'unknown'; why: string };

/**
 * Node has a reader of its own from 22.5 on, and warns of it on stderr in whatever process it is loaded. One that nobody
 * has open is read as a file that does not change: else the reader would leave a -wal and a -shm behind.
 */
const SCRIPT = `
const [, path] = process.argv;
const { existsSync } = process.getBuiltinModule("node:fs");
const { pathToFileURL } = process.getBuiltinModule("node:url");
const sqlite = process.getBuiltinModule("node:sqlite");
const open = (name) => new sqlite.DatabaseSync(name, { readOnly: true });
const still = () => { try { return open(pathToFileURL(path).href + "?immutable=1"); } catch { return open(path); } };
const look = () => {
  const database = existsSync(path + "-wal") ? open(path) : still();
  const count = "SELECT count(*) AS n FROM pragma_table_info('settings') WHERE name='expose'";
  if (!database.prepare(count).get().n) return "none";
  return String(database.prepare("SELECT expose FROM settings WHERE id=1").get()?.expose ?? "none");
};
process.stdout.write(sqlite ? look() : "no-reader");
`;

export function databaseOf(host: Host): string {
  return `${localData(host)}/Ollama/db.sqlite`;
}

/** Looks; nothing is ever written there. */
export async function readExpose(host: Host): Promise<Expose> {
  const path = databaseOf(host);
  if (host.files.stat(path) === undefined) return { kind: 'missing' };
  const argv = [process.execPath, '--no-warnings', '-e', SCRIPT, path];
  const { code, stdout, stderr } = await host.ask(argv, { timeout: 60_000, env: { NODE_OPTIONS: '' } });
  if (code === 0 && (stdout === '0' || stdout === '1')) return { kind: 'known', on: stdout === '1' };
  if (code === 0 && stdout === 'none') return { kind: 'missing' };
  if (code === 0 && stdout === 'no-reader')
    return { kind: 'unknown', why: `this Node (${process.version}) cannot read its settings, Node 22.13 can` };
  return {
    kind: 'unknown',
    why: /Error: (.*)/.exec(stderr)?.[1] ?? `its settings answered ${stdout || `exit code ${code}`}`,
  };
}

/** True for what the switch says: every address, and port 11434. */
export function isSwitchValue(value: string): boolean {
  const read = parseHost(value);
  return scopeOf(read) === 'all' && read.port === DEFAULT_PORT;
}

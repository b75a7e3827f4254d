import type { ValueChange } from '../../actions/value.ts';
import type { Host } from '../../host/host.ts';
import type { Account } from '../../launchd/accounts.ts';
import { DEFAULT_PORT, parseHost, scopeOf } from '../../ollama/host-value.ts';
import { asOwner } from './session.ts';

/**
 * The app's own switch, "Expose Ollama to the network": one column of the one row of one table, 0 or 1 in every version
 * of the schema so far (app/store/database.go in ollama/ollama). A settings window that is open while the row is changed
 * from outside still holds the old values, and writes all of them back when one is changed there.
 */
export type Expose =
  | { kind: 'known'; on: boolean }
  /** There is no database: the app makes it when it is first opened. */
  | { kind: 'missing' }
  /** A database without such a switch, or without its row. */
  | { kind: 'unknown'; why: string }
  | { kind: 'unreadable'; why: string };

const PLACE = 'Library/Application Support/Ollama/db.sqlite';
const PROGRAM = '/usr/bin/sqlite3';

/** Fails while there is no row: abs() of the least integer is an error, and nothing else in a SELECT can be one. */
const NEED_ROW =
  'SELECT n FROM (SELECT count(*) AS n FROM settings WHERE id=1) WHERE abs(n - 9223372036854775807 - 1) < 0;';
const LOOK = `SELECT count(*) FROM pragma_table_info('settings') WHERE name='expose'; SELECT expose FROM settings WHERE id=1;`;

/** True for what the app's switch says: it sets OLLAMA_HOST=0.0.0.0, whatever was there (app/server/server.go). */
export function isSwitchValue(value: string): boolean {
  const read = parseHost(value);
  return scopeOf(read) === 'all' && read.port === DEFAULT_PORT;
}

export function databaseOf({ home }: Account): string {
  return `${home}/${PLACE}`;
}

/** What the switch is known by in journals and receipts. */
export function switchSubject(account: Account): string {
  return `settings.expose in ${databaseOf(account)}`;
}

/** Looks without leaving a trace: nothing is made, nothing is written, no lock is held. */
export async function readExpose(host: Host, account: Account): Promise<Expose> {
  const path = databaseOf(account);
  if (host.files.stat(path) === undefined) return { kind: 'missing' };
  const { code, stdout, stderr, error } = await host.ask(sqlite(host, account, looking(host, path), LOOK), {
    timeout: 15_000,
  });
  const [known, value] = stdout.split('\n').filter(Boolean);
  if (known === '0') return { kind: 'unknown', why: 'its settings know no such switch' };
  if (code === 0 && known === '1' && value === undefined) return { kind: 'unknown', why: 'it holds no settings yet' };
  if (code === 0 && known === '1' && (value === '0' || value === '1')) return { kind: 'known', on: value === '1' };
  const said = stderr.trim().split('\n')[0] || error;
  return {
    kind: 'unreadable',
    why: said || (code === 0 ? `the switch is ${JSON.stringify(value)}` : `exit code ${code}`),
  };
}

/**
 * Whoever reads a database in WAL mode makes its -wal and -shm files unless they are there, and as a mere reader leaves
 * them behind. Where there is no -wal nobody has it open, so it can be read as a file that does not change.
 */
function looking(host: Host, path: string): string {
  return host.files.stat(`${path}-wal`) === undefined ? 'mode=ro&immutable=1' : 'mode=ro';
}

/** Turns the switch, which the app reads whenever it starts its server. `awaken` opens an app that has no database yet. */
export function exposeChange(host: Host, account: Account, on: boolean, awaken?: string[]): ValueChange {
  const path = databaseOf(account);
  const run = (sql: string) => sqlite(host, account, 'mode=rw', sql);
  const [from, to] = on ? ['0', '1'] : ['1', '0'];
  const turn = (then: string, now: string) =>
    run(`BEGIN IMMEDIATE; UPDATE settings SET expose=${then} WHERE id=1 AND expose=${now}; COMMIT;`);
  return {
    type: 'value',
    id: 'expose-switch',
    title: `Turn Ollama.app's own switch "Expose Ollama to the network" ${on ? 'on' : 'off'}`,
    subject: switchSubject(account),
    identity: 'self',
    from: from ?? null,
    to: to ?? null,
    read: run(`${NEED_ROW} SELECT expose FROM settings WHERE id=1;`),
    set: turn(to ?? '', from ?? ''),
    unset: turn(from ?? '', to ?? ''),
    place: path,
    ...(awaken ? { awaken } : {}),
  };
}

/**
 * sqlite3 with nothing of the user's ~/.sqliterc and with options that every version has. By `mode` it never makes a
 * database; the five seconds are what the app itself waits for a lock (app/store/database.go).
 */
function sqlite(host: Host, account: Account, mode: string, sql: string): string[] {
  const program = host.files.stat(PROGRAM) ? PROGRAM : 'sqlite3';
  const plain = ['-batch', '-init', '/dev/null', '-list', '-noheader', '-cmd', '.timeout 5000'];
  const uri = `file:${databaseOf(account).split('/').map(encodeURIComponent).join('/')}?${mode}`;
  return asOwner(host, account, [program, ...plain, uri, sql]);
}

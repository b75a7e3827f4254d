/**
 * The table that the app keeps its settings in, as far as the fact sheet names columns (facts/windows.md 3.2: schema
 * version 18, one row with id 1, WAL). With `wal` the change stays in the -wal file, as when the app has not yet
 * written it back.
 */
const SCRIPT = `
import os, sqlite3, sys
file, expose, wal = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "wal"
connection = sqlite3.connect(file)
connection.execute("pragma journal_mode=wal")
connection.execute("""create table if not exists settings (
  id INTEGER PRIMARY KEY CHECK (id = 1), device_id TEXT NOT NULL DEFAULT '',
  has_completed_first_run BOOLEAN NOT NULL DEFAULT 0, expose BOOLEAN NOT NULL DEFAULT 0,
  survey BOOLEAN NOT NULL DEFAULT 1, browser BOOLEAN NOT NULL DEFAULT 0, models TEXT NOT NULL DEFAULT '',
  agent BOOLEAN NOT NULL DEFAULT 0, tools BOOLEAN NOT NULL DEFAULT 0, working_dir TEXT NOT NULL DEFAULT '',
  context_length INTEGER NOT NULL DEFAULT 4096, schema_version INTEGER NOT NULL DEFAULT 18)""")
connection.execute("insert or ignore into settings (id, device_id) values (1, 'rig')")
connection.execute("update settings set expose = ? where id = 1", (expose,))
connection.commit()
if wal:
    os._exit(0)
connection.close()
`;

/** The command that makes the settings file or changes its `expose`. */
export function settingsCommand(file: string, expose: boolean, wal = false): string[] {
  return ['/usr/bin/python3', '-c', SCRIPT, file, expose ? '1' : '0', wal ? 'wal' : 'main'];
}

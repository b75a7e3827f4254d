"""The settings database of Ollama.app (macos.md 3.3): created at the first launch, one row, migrations only add columns."""
import os
import sqlite3

FILE = 'db.sqlite'
# The columns of the oldest released schema, then what each later one added (as far as is known; the rest is filler).
FIRST = [
    ('device_id', "TEXT NOT NULL DEFAULT ''"), ('has_completed_first_run', 'BOOLEAN NOT NULL DEFAULT 0'),
    ('expose', 'BOOLEAN NOT NULL DEFAULT 0'), ('survey', 'BOOLEAN NOT NULL DEFAULT TRUE'),
    ('browser', 'BOOLEAN NOT NULL DEFAULT 0'), ('models', "TEXT NOT NULL DEFAULT ''"),
    ('agent', 'BOOLEAN NOT NULL DEFAULT 0'), ('tools', 'BOOLEAN NOT NULL DEFAULT 0'),
    ('working_dir', "TEXT NOT NULL DEFAULT ''"), ('context_length', 'INTEGER NOT NULL DEFAULT 4096'),
    ('window_width', 'INTEGER NOT NULL DEFAULT 0'), ('window_height', 'INTEGER NOT NULL DEFAULT 0'),
    ('config_migrated', 'BOOLEAN NOT NULL DEFAULT 0'), ('airplane_mode', 'BOOLEAN NOT NULL DEFAULT 0'),
    ('turbo_enabled', 'BOOLEAN NOT NULL DEFAULT 0'), ('websearch_enabled', 'BOOLEAN NOT NULL DEFAULT 0'),
    ('selected_model', "TEXT NOT NULL DEFAULT ''"), ('sidebar_open', 'BOOLEAN NOT NULL DEFAULT 0'),
    ('think_enabled', 'BOOLEAN NOT NULL DEFAULT 0'), ('think_level', "TEXT NOT NULL DEFAULT ''"),
]
ADDED = {
    13: ('remote', "TEXT NOT NULL DEFAULT ''"),
    14: ('auto_update_enabled', 'BOOLEAN NOT NULL DEFAULT 1'),
    15: ('last_home_view', "TEXT NOT NULL DEFAULT 'launch'"),
    16: ('onboarding_version', 'INTEGER NOT NULL DEFAULT 0'),
    17: ('last_seen_release', "TEXT NOT NULL DEFAULT ''"),
    18: ('claude_desktop_used', 'BOOLEAN NOT NULL DEFAULT 0'),
    19: ('later_column', 'INTEGER NOT NULL DEFAULT 0'),
}


class Unreadable(Exception):
    """The row does not scan: the app cannot start a server."""


def connect(folder):
    database = sqlite3.connect(folder + '/' + FILE, timeout=5.0, isolation_level=None)
    database.execute('PRAGMA journal_mode=WAL')
    database.execute('PRAGMA foreign_keys=ON')
    return database


def columns(schema):
    return FIRST + [ADDED[number] for number in sorted(ADDED) if number <= schema]


def create(folder, schema):
    """CREATE TABLE IF NOT EXISTS, INSERT OR IGNORE, and the columns that an older file lacks."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    database = connect(folder)
    try:
        body = ',\n  '.join('%s %s' % column for column in columns(schema))
        database.execute('BEGIN IMMEDIATE')
        database.execute('CREATE TABLE IF NOT EXISTS settings (\n  id INTEGER PRIMARY KEY CHECK (id = 1),\n  %s,\n'
                         '  schema_version INTEGER NOT NULL DEFAULT %d\n)' % (body, schema))
        there = {row[1] for row in database.execute('PRAGMA table_info(settings)')}
        for name, kind in columns(schema):
            if name not in there:
                database.execute('ALTER TABLE settings ADD COLUMN %s %s' % (name, kind))
        database.execute('INSERT OR IGNORE INTO settings (id) VALUES (1)')
        database.execute('UPDATE settings SET schema_version = MAX(schema_version, ?)', (schema,))
        database.execute('COMMIT')
    finally:
        database.close()


def settings(folder, schema):
    """The row as the app scans it: an integer for a BOOLEAN, or the whole row cannot be read."""
    try:
        database = connect(folder)
        try:
            cursor = database.execute('SELECT * FROM settings WHERE id = 1')
            values = cursor.fetchone()
            names = [column[0] for column in cursor.description]
        finally:
            database.close()
    except sqlite3.Error as error:
        raise Unreadable('settings: %s' % error) from error
    if values is None:
        raise Unreadable('settings: sql: no rows in result set')
    row = dict(zip(names, values))
    if not isinstance(row.get('expose'), int):
        raise Unreadable('settings: sql: Scan error on column "expose": couldn\'t convert %r into type bool'
                         % (row.get('expose'),))
    return row

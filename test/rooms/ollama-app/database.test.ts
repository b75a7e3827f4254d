import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyValue, inspectValue, invertValue, readValue } from '../../../src/actions/value.ts';
import { exposeChange, isSwitchValue, readExpose } from '../../../src/rooms/ollama-app/database.ts';
import { Mac } from './mac.ts';

/** The statements against real databases, by a real sqlite3: what is in the row, and who else has it open. */

let mac: Mac;
let account: { uid: number; gid: number; name: string; home: string };
const holders: ChildProcess[] = [];

beforeEach(() => {
  mac = new Mac();
  account = mac.user;
});
afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill();
  mac.destroy();
});

/** Another program with the database open, as the app has it; it runs `work` and then stays. */
async function held(work: string): Promise<void> {
  const script = `import sqlite3, sys, time\ncon = sqlite3.connect(${JSON.stringify(mac.db)}, isolation_level=None, timeout=5)\ncon.execute('SELECT * FROM settings').fetchall()\n${work}\n`;
  const holder = spawn('python3', [
    '-c',
    `${script}print('ready', flush=True)\ntime.sleep(0.7)\nif con.in_transaction: con.commit()\ntime.sleep(60)`,
  ]);
  holders.push(holder);
  await new Promise((resolve, reject) => {
    holder.stdout.once('data', resolve);
    holder.stderr.once('data', (data) => reject(new Error(String(data))));
  });
}

const names = () => readdirSync(path.dirname(mac.db));
const turn = (on: boolean) => exposeChange(mac, account, on);

describe('reading the switch', () => {
  it('off and on', async () => {
    mac.makeDatabase();
    expect(await readExpose(mac, account)).toEqual({ kind: 'known', on: false });
    mac.sql('UPDATE settings SET expose=1');
    expect(await readExpose(mac, account)).toEqual({ kind: 'known', on: true });
  });

  it('no database: none is made', async () => {
    expect(await readExpose(mac, account)).toEqual({ kind: 'missing' });
    mac.disk.file(mac.db, 'gone since', { uid: 501, gid: 20 });
    expect(await readExpose(mac, account)).toMatchObject({
      kind: 'unreadable',
      why: expect.stringMatching(/unable to open/),
    });
    expect(names()).toEqual([]);
  });

  it('not a database', async () => {
    writeFileSync(mac.db, Buffer.alloc(9000, 7));
    mac.tellOfDatabase();
    expect(await readExpose(mac, account)).toMatchObject({
      kind: 'unreadable',
      why: expect.stringMatching(/not a database/),
    });
  });

  it('no such column, no such table, no row: another kind of database', async () => {
    writeFileSync(mac.db, '');
    mac.tellOfDatabase();
    expect((await readExpose(mac, account)).kind).toBe('unknown');
    mac.makeDatabase(0, '');
    expect((await readExpose(mac, account)).kind).toBe('unknown');
    mac.sql('ALTER TABLE settings ADD COLUMN expose BOOLEAN NOT NULL DEFAULT 0; DELETE FROM settings;');
    expect(await readExpose(mac, account)).toMatchObject({ kind: 'unknown', why: 'it holds no settings yet' });
  });

  it('a value that the app could not read either', async () => {
    mac.makeDatabase();
    mac.sql("UPDATE settings SET expose='true'");
    expect(await readExpose(mac, account)).toEqual({ kind: 'unreadable', why: 'the switch is "true"' });
  });

  it('locked by somebody for good', async () => {
    mac.makeDatabase();
    mac.sql('PRAGMA journal_mode=DELETE;');
    await held("con.execute('BEGIN EXCLUSIVE')\nprint('ready', flush=True)\ntime.sleep(60)");
    mac.disk.file(`${mac.db}-wal`, ''); // so that the lock is looked at
    expect(await readExpose(mac, account)).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(/locked/) });
  });

  it('what the app has written and not yet moved into the file counts', async () => {
    mac.makeDatabase();
    await held("con.execute('PRAGMA wal_autocheckpoint=0')\ncon.execute('UPDATE settings SET expose=1')");
    mac.tellOfDatabase();
    expect(names()).toEqual(['db.sqlite', 'db.sqlite-shm', 'db.sqlite-wal']);
    expect(await readExpose(mac, account)).toEqual({ kind: 'known', on: true });
    expect(names()).toEqual(['db.sqlite', 'db.sqlite-shm', 'db.sqlite-wal']);
  });

  it('leaves nothing behind, and is not misled by the settings of sqlite3', async () => {
    mac.makeDatabase();
    writeFileSync(`${mac.home}/.sqliterc`, '.headers on\n.mode box\n');
    const home = process.env.HOME;
    process.env.HOME = mac.home;
    expect(await readExpose(mac, account)).toEqual({ kind: 'known', on: false });
    expect(await readValue(mac, turn(true))).toBe('0');
    process.env.HOME = home;
    expect(names()).toEqual(['db.sqlite']);
  });
});

describe('turning the switch', () => {
  it('on, and off again, and leaves all else', async () => {
    mac.makeDatabase();
    const change = turn(true);
    expect(await inspectValue(mac, change)).toBe('todo');
    await applyValue(mac, change);
    expect(mac.sql('SELECT expose, typeof(expose), schema_version FROM settings')).toBe('1|integer|16');
    expect(await inspectValue(mac, change)).toBe('done');
    await applyValue(mac, invertValue(change));
    expect(mac.sql('SELECT expose, typeof(expose), schema_version FROM settings')).toBe('0|integer|16');
    expect(names()).toEqual(['db.sqlite']);
  });

  it('while the app has it open, and sees it at once', async () => {
    mac.makeDatabase();
    await held("con.execute('UPDATE settings SET schema_version=17')");
    await applyValue(mac, turn(true));
    expect(mac.sql('SELECT expose, schema_version FROM settings')).toBe('1|17');
  });

  it('waits for one who is just writing', async () => {
    mac.makeDatabase();
    await held("con.execute('BEGIN IMMEDIATE')\ncon.execute('UPDATE settings SET schema_version=18')");
    await applyValue(mac, turn(true));
    expect(mac.sql('SELECT expose, schema_version FROM settings')).toBe('1|18');
  });

  it('many at once', async () => {
    mac.makeDatabase();
    const { set, unset } = turn(true);
    const run = (argv: string[]) =>
      new Promise<number | null>((resolve) => spawn(argv[0]!, argv.slice(1)).on('close', resolve));
    const codes = await Promise.all(Array.from({ length: 12 }, (_, i) => run(i % 2 ? set : unset)));
    expect(new Set(codes)).toEqual(new Set([0]));
    expect(mac.expose).toMatch(/^[01]$/);
    expect(mac.sql('PRAGMA integrity_check')).toBe('ok');
  });

  it('makes nothing where nothing is, and says so', async () => {
    await expect(applyValue(mac, turn(true))).rejects.toThrow(/unable to open/);
    expect(names()).toEqual([]);
  });

  it('touches no table that it does not know', async () => {
    mac.makeDatabase(0, '');
    await expect(applyValue(mac, turn(true))).rejects.toThrow(/no such column/);
    mac.sql('ALTER TABLE settings ADD COLUMN expose BOOLEAN NOT NULL DEFAULT 0; UPDATE settings SET expose=2;');
    expect(await inspectValue(mac, turn(true))).toBe('conflict');
    await expect(applyValue(mac, turn(true))).rejects.toThrow(/is 2 afterwards/);
  });

  it('cannot be read before its row is there, so that an app that comes up is waited for to the end', async () => {
    mac.makeDatabase();
    mac.sql('DELETE FROM settings');
    await expect(readValue(mac, turn(true))).rejects.toThrow(/overflow/);
  });

  it('opens an app that was never opened, and waits for its row', async () => {
    const change = exposeChange(mac, account, true, [
      'env',
      'open',
      '-j',
      '-a',
      '/Applications/Ollama.app',
      '--args',
      'hidden',
    ]);
    expect(await inspectValue(mac, change)).toBe('todo');
    expect(existsSync(mac.db)).toBe(false);
    await applyValue(mac, change);
    expect([mac.expose, mac.opened.length]).toEqual(['1', 1]);
  });
});

it('is written so that a person can run it', () => {
  const { set } = turn(true);
  expect(set.slice(1)).toEqual([
    '-batch',
    '-init',
    '/dev/null',
    '-list',
    '-noheader',
    '-cmd',
    '.timeout 5000',
    `file:${mac.home.replace(' ', '%20')}/Library/Application%20Support/Ollama/db.sqlite?mode=rw`,
    'BEGIN IMMEDIATE; UPDATE settings SET expose=1 WHERE id=1 AND expose=0; COMMIT;',
  ]);
  expect(spawnSync('sqlite3', ['-version']).status).toBe(0);
});

it('the switch says all addresses and the usual port, and nothing else', () => {
  const yes = ['0.0.0.0:11434', '0.0.0.0', '[::]:11434', ':11434'];
  const no = ['127.0.0.1:11434', '0.0.0.0:8080', '192.168.1.5:11434', 'http://0.0.0.0'];
  expect([...yes, ...no].filter(isSwitchValue)).toEqual(yes);
});

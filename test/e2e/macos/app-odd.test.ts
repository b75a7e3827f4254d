import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import {
  acts,
  awaitBinding,
  DATABASE,
  expectAppAsBefore,
  fails,
  listening,
  quitApp,
  shootApp,
  sql,
} from './app-kit.ts';
import { product, setup, undo } from './homebrew-kit.ts';
import { withMac } from './rig/mac.ts';

const OTHER = ['--host', '127.0.0.1:8080'];
const ELSEWHERE = [
  { name: 'in the home', path: '/Users/me/Applications/Ollama.app', args: [], bound: ':: 11434' },
  { name: 'where only Spotlight knows', path: '/Users/me/My Tools/Ollama.app', args: OTHER, bound: '127.0.0.1 8080' },
];

/** What a database may look like, and how setup for the switch's value ends. */
const DATABASES = [
  { name: 'a text in the row', spoil: "UPDATE settings SET expose='true'", code: 4, words: /switch is "true"/ },
  { name: 'no row', spoil: 'DELETE FROM settings', code: 0, words: /no settings yet/ },
  { name: 'no such column', spoil: 'ALTER TABLE settings DROP COLUMN expose', code: 0, words: /know no such switch/ },
  { name: 'no database at all', spoil: undefined, code: 4, words: /not a database/ },
  { name: 'no such table', spoil: 'DROP TABLE settings', code: 0, words: /know no such switch/ },
];

const NO_DATABASE = 'this is no database, by any measure '.repeat(100);

/** A writer: it says so, and holds the lock for some seconds. */
const LOCK = `{ printf 'BEGIN IMMEDIATE;\\n.shell echo locked\\n'; sleep "$2"; echo 'COMMIT;'; } | /usr/bin/sqlite3 "$1"`;

describe.skipIf(rigUnavailable()).concurrent('Ollama.app, where it is odd', () => {
  it.each(ELSEWHERE)('is found $name', ({ path, args, bound }) =>
    withMac('app-elsewhere', { app: { path, expose: 0, cli: false } }, async (mac) => {
      const before = await shootApp(mac);
      await setup(mac, args);
      await awaitBinding(mac, bound);
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
      await quitApp(mac);
      const opened = await setup(mac, args);
      expect(acts(opened).at(-1)).toBe(`open -j -a ${path} --args hidden`);
      await awaitBinding(mac, bound);
    }),
  );

  it('has its switch in the oldest version of the schema, and in the newest', () =>
    withMac('app-schema', { app: { expose: 0, schema: 12, version: '0.12.10' } }, async (mac) => {
      const before = await shootApp(mac);
      await setup(mac);
      await awaitBinding(mac, ':: 11434');
      // An update of the app brings further columns.
      await mac.configure({ app: { schema: 19 } });
      await quitApp(mac);
      await mac.openApp();
      await awaitBinding(mac, ':: 11434');
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      expect(await mac.appRow()).toMatchObject({ expose: 0, schema_version: 19 });
      await expectAppAsBefore(mac, { ...before, row: await mac.appRow() });
    }));

  it('keeps its hands off a database that is not as known', () =>
    withMac('app-database', { app: { expose: 0, launched: false, loginItem: false } }, async (mac) => {
      const whole = readFileSync(mac.host.outsidePath(DATABASE));
      for (const { name, spoil, code, words } of DATABASES) {
        mac.host.write(DATABASE, spoil === undefined ? NO_DATABASE : whole, { uid: 501, gid: 20 });
        if (spoil !== undefined) await sql(mac, spoil);
        const bytes = mac.snapshot([DATABASE]);
        const ran = await product(mac, ['--yes', '--no-restart']);
        expect([ran.code, ran.said], name).toEqual([code, expect.stringMatching(words)]);
        expect(mac.snapshot([DATABASE])).toEqual(bytes);
        // Where the switch is not as known, the variable is the way: it is taken back for the next one.
        if (code === 0) await undo(mac, ['--no-restart']);
      }
    }));

  it('waits for a writer, and gives up on one that does not end', () =>
    withMac('app-locked', { app: { expose: 0 } }, async (mac) => {
      const before = await shootApp(mac);
      const lock = (seconds: number) => mac.spawn(['/bin/sh', '-c', LOCK, 'sh', DATABASE, String(seconds)]);
      const held = lock(4);
      await held.waitForOutput(/locked/);
      await setup(mac);
      await awaitBinding(mac, ':: 11434');
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      const forGood = lock(60);
      await forGood.waitForOutput(/locked/);
      const pid = (await mac.server())?.pid;
      const ran = await fails(mac, 6, ['--yes']);
      expect([ran.report.outcome, ran.said]).toEqual(['rolled-back', expect.stringMatching(/database is locked/)]);
      expect((await mac.server())?.pid).toBe(pid);
      await forGood.killAll();
      await expectAppAsBefore(mac, before);
    }));

  it('needs sqlite3, and says so', () =>
    withMac('app-no-sqlite', { app: { expose: 0 }, without: ['sqlite3'] }, async (mac) => {
      const ran = await fails(mac, 4, ['--yes']);
      expect(ran.said).toMatch(/sqlite3/);
      expect(listening(mac)).toEqual(['127.0.0.1 11434']);
    }));
});

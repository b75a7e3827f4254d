import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Report } from '../../../src/commands/report.ts';
import { standInBinary } from '../rig/stand-in.ts';
import { diffSnapshots, type Mac, type MacOptions, type MacRunOptions, type PlistOptions, withMac } from './rig/mac.ts';

export const BINARY = '/usr/local/bin/ollama';
export const AGENTS = '/Users/me/Library/LaunchAgents';
export const LABEL = 'com.example.ollama';
export const WIDE = '0.0.0.0:11434';
/** Where files may change: every home, the folders of launchd, and the state folder of root. */
const PLACES = ['/Users', '/var/root', '/Library', '/var/lib/stigmer-setup-ollama', '/usr/local/bin', '/nix'];

/** A value of a property list; Python's plistlib is what reads them in the emulation. */
export type Value = string | number | boolean | Value[] | { [key: string]: Value };

export function xmlOf(value: Value, indent = ''): string {
  if (typeof value === 'string') return `${indent}<string>${inXml(value)}</string>`;
  if (typeof value === 'number') return `${indent}<integer>${value}</integer>`;
  if (typeof value === 'boolean') return `${indent}<${value}/>`;
  const more = `${indent}\t`;
  if (Array.isArray(value))
    return [`${indent}<array>`, ...value.map((v) => xmlOf(v, more)), `${indent}</array>`].join('\n');
  const pairs = Object.entries(value).map(([key, v]) => `${more}<key>${inXml(key)}</key>\n${xmlOf(v, more)}`);
  return [`${indent}<dict>`, ...pairs, `${indent}</dict>`].join('\n');
}

function inXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The text of a job's file: `ollama serve` kept alive, but for what `keys` has. */
export function job(keys: Record<string, Value | undefined> = {}): string {
  const all = {
    Label: LABEL,
    ProgramArguments: [BINARY, 'serve'],
    EnvironmentVariables: { OLLAMA_FLASH_ATTENTION: '1' },
    RunAtLoad: true,
    KeepAlive: true,
    StandardErrorPath: '/tmp/ollama-job.log',
    ...keys,
  };
  const told = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
    string,
    Value
  >;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${xmlOf(told)}
</plist>
`;
}

/** The program at the path of `BINARY`, or another. */
export function program(path = BINARY): PlistOptions {
  return { path, content: readFileSync(standInBinary()), mode: 0o755, uid: 0, gid: 0 };
}

/** How a run of the product ended. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  report: Report;
}

export function told({ code, stdout, stderr }: Pick<Ran, 'code' | 'stdout' | 'stderr'>): string {
  return `exit code ${code}\n${/"error": [\s\S]*/.exec(stdout)?.[0] ?? stdout}\n${stderr}`;
}

/** All that setup may change and undo has to give back. */
export interface Image {
  files: ReturnType<Mac['snapshot']>;
  loaded: Record<string, unknown>;
  disabled: Record<string, unknown>;
  binding: string[];
}

/** Boots a Mac with jobs and the program of `BINARY`, and waits for its server unless told. */
export function withJobs(
  name: string,
  options: MacOptions & { listens?: string | false },
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const { listens = '127.0.0.1', plists = [], ...rest } = options;
  return withMac(name, { ...rest, plists: [program(), ...plists] }, async (mac) => {
    if (listens !== false) await mac.waitForListener(listens);
    await test(new Stage(mac));
  });
}

/** A Mac with a job on it. */
export class Stage {
  readonly mac: Mac;
  how: MacRunOptions = {};

  constructor(mac: Mac) {
    this.mac = mac;
  }

  async run(...words: string[]): Promise<Ran> {
    const result = await this.mac.product([...words, '--yes', '--json'], this.how);
    return { ...result, report: result.report as Report };
  }

  setup(...words: string[]): Promise<Ran> {
    return this.run(...words);
  }

  undo(...words: string[]): Promise<Ran> {
    return this.run('undo', ...words);
  }

  binding(port = 11434): string[] {
    return this.mac
      .listeners(port)
      .map(({ address }) => address)
      .sort();
  }

  async image(): Promise<Image> {
    const { loaded, disabled } = await this.mac.launchd();
    const jobs = Object.entries(loaded).map(([name, { path, environment, pid }]) => [
      name,
      { path, environment, running: pid !== null },
    ]);
    // Of labels that were never switched off, `enable` leaves an entry that says so (print-disabled shows it).
    const off = Object.entries(disabled).map(([domain, labels]) => [
      domain,
      Object.keys(labels).filter((label) => labels[label]),
    ]);
    const files = this.mac.snapshot(PLACES);
    files.delete('/Users/me/.sudo_as_admin_successful'); // Debian's sudo makes it, macOS's does not
    return {
      files,
      loaded: Object.fromEntries(jobs),
      disabled: Object.fromEntries(off.filter(([, labels]) => labels?.length)),
      binding: this.binding(),
    };
  }

  async isAsBefore(before: Image): Promise<void> {
    const now = await this.image();
    expect(diffSnapshots(before.files, now.files)).toEqual([]);
    const { files: _, ...was } = before;
    const { files: __, ...is } = now;
    expect(is).toEqual(was);
  }

  async pid(): Promise<number | undefined> {
    return (await this.mac.server())?.pid;
  }

  /** setup, setup again, reboot and login, undo: what each leaves is looked at. */
  async wholeJob(options: { kind?: string; id?: string; reboot?: boolean; words?: string[] } = {}): Promise<Ran> {
    const { kind = 'launchd', id = LABEL, reboot = true, words = [] } = options;
    const before = await this.image();
    const ran = await this.setup(...words);
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report, told(ran)).toMatchObject({ outcome: 'changed', changed: true, after: { scope: 'all' } });
    expect(ran.report.installations.filter(({ selected }) => selected)).toMatchObject([{ kind, id }]);
    expect(this.binding()).toEqual(['::']);
    expect((await this.mac.serverEnvironment()).OLLAMA_HOST).toBe(WIDE);

    const pid = await this.pid();
    const again = await this.setup(...words);
    expect(again.code, told(again)).toBe(0);
    expect(again.report, told(again)).toMatchObject({ outcome: 'unchanged', changed: false, steps: [] });
    expect(await this.pid()).toBe(pid);

    if (reboot) {
      await this.mac.reboot();
      await this.mac.waitForListener('::');
    }
    const back = await this.undo();
    expect(back.code, told(back)).toBe(0);
    await this.isAsBefore(before);
    return ran;
  }

  /** setup ends with `code` and leaves everything as it was. */
  async refuses(code: number, words: string[] = []): Promise<Ran> {
    const before = await this.image();
    const pid = await this.pid();
    const ran = await this.setup(...words);
    expect(ran.code, told(ran)).toBe(code);
    await this.isAsBefore(before);
    if (code !== 6 && code !== 7) expect(await this.pid()).toBe(pid);
    return ran;
  }
}

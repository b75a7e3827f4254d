import type { RunResult } from '../../src/host/host.ts';
import type { Disk } from '../rig/disk.ts';

type Answer = Partial<RunResult>;
type Value = { name: string; kind: string; data: string };

const LONG: Record<string, string> = { HKCU: 'HKEY_CURRENT_USER', HKLM: 'HKEY_LOCAL_MACHINE' };

/** A registry in memory that answers as reg.exe does: in an old code page on standard output, in UTF-16 in a file. */
export class Registry {
  readonly #keys = new Map<string, Value[]>();
  /** Every key is closed to reg.exe. */
  closed = false;

  key(path: string): this {
    if (!this.#keys.has(path)) this.#keys.set(path, []);
    return this;
  }

  get(key: string, name: string): Value | undefined {
    return this.#keys.get(key)?.find((value) => value.name.toLowerCase() === name.toLowerCase());
  }

  set(key: string, name: string, kind: string, data: string): this {
    this.key(key).remove(key, name);
    this.#keys.get(key)?.push({ name, kind, data });
    return this;
  }

  remove(key: string, name: string): boolean {
    const values = this.#keys.get(key) ?? [];
    const at = values.findIndex((value) => value.name.toLowerCase() === name.toLowerCase());
    if (at >= 0) values.splice(at, 1);
    return at >= 0;
  }

  /** Everything, to compare. */
  snapshot(): string[] {
    return [...this.#keys]
      .flatMap(([key, values]) => [key, ...values.map((v) => `${key}\\${v.name} ${v.kind} ${v.data}`)])
      .sort();
  }

  /** A key and all below it, each with its values. */
  #all(root: string): string {
    const keys = [...this.#keys].filter(([path]) => path === root || path.startsWith(`${root}\\`));
    return keys.map(([path, values]) => `\r\n${full(path)}\r\n${values.map(printed).join('')}`).join('');
  }

  execute([verb = '', key = '', ...words]: string[], disk: Disk, elevated: boolean): Answer {
    const option = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
    if (this.closed) return failed('Registry editing has been disabled by your administrator.');
    if (verb !== 'query' && verb !== 'export' && key.startsWith('HKLM') && !elevated)
      return failed('Access is denied.');
    if (verb === 'add') {
      this.set(key, option('/v') ?? '', option('/t') ?? 'REG_SZ', option('/d') ?? '');
      return {};
    }
    if (verb === 'delete') return this.remove(key, option('/v') ?? '') ? {} : failed('unable to find');
    const values = this.#keys.get(key);
    const below = [...this.#keys.keys()].filter((path) => parent(path) === key);
    const deep = words.includes('/s') && this.#all(key) !== '';
    if (!values && below.length === 0 && !deep) return failed('unable to find');
    if (verb === 'export') {
      disk.file((words[0] ?? '').replaceAll('\\', '/'), exported(key, values ?? []));
      return {};
    }
    if (words.includes('/s')) return { stdout: this.#all(key) };
    const name = option('/v');
    const found =
      name === undefined
        ? (values ?? [])
        : (values ?? []).filter((value) => value.name.toLowerCase() === name.toLowerCase());
    if (name !== undefined && found.length === 0) return failed('unable to find');
    const lines = found.map(printed).join('');
    const subkeys = name === undefined ? below.map((path) => `${full(path)}\r\n`).join('') : '';
    return { stdout: `\r\n${full(key)}\r\n${lines}\r\n${subkeys}` };
  }
}

function printed({ name, kind, data }: Value): string {
  return `    ${name}    ${kind}    ${oldCodePage(data)}\r\n`;
}

function failed(why: string): Answer {
  return { code: 1, stderr: `ERROR: ${why}\r\n` };
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('\\'));
}

function full(path: string): string {
  return path.replace(/^HK\w\w/, (short) => LONG[short] ?? short);
}

/** What a code page of the west makes of letters that it does not have. */
function oldCodePage(text: string): string {
  return text.replaceAll('Ł', 'L').replace(/[^\u0000-\u00ff]/g, '?');
}

function exported(key: string, values: Value[]): Buffer {
  const hex = (text: string) =>
    Buffer.from(text, 'utf16le')
      .toString('hex')
      .replace(/(..)(?!$)/g, '$1,');
  const quoted = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;
  const lines = values.map(({ name, kind, data }) => {
    if (kind === 'REG_SZ') return `${quoted(name)}=${quoted(data)}`;
    if (kind === 'REG_DWORD') return `${quoted(name)}=dword:${Number(data).toString(16).padStart(8, '0')}`;
    const text = kind === 'REG_MULTI_SZ' ? `${data.split('\\0').join('\0')}\0\0` : `${data}\0`;
    const all = `${quoted(name)}=hex(${kind === 'REG_MULTI_SZ' ? 7 : 2}):${hex(text)}`;
    return all.replace(/(.{60,75},)(?=.)/g, '$1\\\r\n  ');
  });
  return Buffer.from(
    `\ufeffWindows Registry Editor Version 5.00\r\n\r\n[${full(key)}]\r\n${lines.join('\r\n')}\r\n\r\n`,
    'utf16le',
  );
}

/** Types of registry values that the rig writes. */
export type ValueType = 'REG_SZ' | 'REG_EXPAND_SZ' | 'REG_DWORD' | 'REG_MULTI_SZ';

/** A value of the registry; lines of a REG_MULTI_SZ are separated by newlines, a REG_DWORD is decimal. */
export interface RegistryValue {
  type: ValueType | 'REG_NONE' | 'REG_BINARY';
  value: string;
}

/** Puts a value into the text of a file that Wine keeps a registry in (while no Wine runs on it). */
export function putValue(hive: string, key: string, name: string, value: RegistryValue): string {
  const header = `[${key.replace(/\\/g, '\\\\')}]`;
  const line = `"${escaped(name)}"=${written(value)}`;
  const start = hive.toLowerCase().indexOf(`\n${header.toLowerCase()}`);
  if (start < 0) return `${hive}\n${header} 1700000000\n${line}\n`;
  const body = hive.indexOf('\n', start + 1) + 1;
  const end = hive.indexOf('\n\n', body) + 1 || hive.length;
  const others = hive
    .slice(body, end)
    .split('\n')
    .filter((each) => !each.toLowerCase().startsWith(`"${escaped(name).toLowerCase()}"=`));
  return `${hive.slice(0, body)}${line}\n${others.join('\n')}${hive.slice(end)}`;
}

/** Replaces a user's folder by another's in everything that a hive says. */
export function renameUser(hive: string, from: string, to: string): string {
  return hive.replaceAll(`\\\\users\\\\${from}`, `\\\\users\\\\${escaped(to)}`);
}

/** Wine writes what is not ASCII as \x and four hexadecimal digits. */
function escaped(text: string): string {
  return text
    .replace(/[\\"]/g, '\\$&')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\x${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function written({ type, value }: RegistryValue): string {
  if (type === 'REG_SZ') return `"${escaped(value)}"`;
  if (type === 'REG_EXPAND_SZ') return `str(2):"${escaped(value)}"`;
  if (type === 'REG_MULTI_SZ') return `str(7):"${value.split('\n').map(escaped).join('\\0')}\\0"`;
  if (type === 'REG_DWORD') return `dword:${Number(value).toString(16).padStart(8, '0')}`;
  throw new Error(`the rig writes no ${type}`);
}

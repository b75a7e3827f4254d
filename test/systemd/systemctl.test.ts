import { describe, expect, it } from 'vitest';
import { parseShow, parseShowEnvironment, parseShowEnvironmentLines } from '../../src/systemd/systemctl.ts';

/** `systemctl show probe-a.service probe-none.service -p ...` of systemd 252. */
const SHOWN = `ExecStart={ path=/usr/bin/env ; argv[]=/usr/bin/env ; ignore_errors=no }
ExecStart={ path=/bin/echo ; argv[]=/bin/echo a b ; ignore_errors=no }
Environment=A=1 "B=x y" "C=a\\nb" "D=q\\"r\\$s\\\`t\\\\" E= F=ä "G=it's" "H=*?"
EnvironmentFiles=/etc/nope (ignore_errors=yes)
EnvironmentFiles=/etc/hos* (ignore_errors=no)
UnsetEnvironment=A B=2
LoadState=loaded
LoadError=

Environment=
UnsetEnvironment=
LoadState=not-found
LoadError=org.freedesktop.systemd1.NoSuchUnit "Unit probe-none.service not found."
`;

describe('parseShow', () => {
  it('gives one map per unit, repeated keys joined', () => {
    const [first, second, ...rest] = parseShow(SHOWN);
    expect(rest).toEqual([]);
    expect(first?.get('EnvironmentFiles')).toBe('/etc/nope (ignore_errors=yes)\n/etc/hos* (ignore_errors=no)');
    expect(first?.get('ExecStart')?.split('\n')).toHaveLength(2);
    expect(first?.get('LoadError')).toBe('');
    expect(second?.get('LoadError')).toBe('org.freedesktop.systemd1.NoSuchUnit "Unit probe-none.service not found."');
    expect(second?.has('EnvironmentFiles')).toBe(false);
  });

  it('gives nothing for no output, as systemctl prints in a chroot', () => {
    expect(parseShow('')).toEqual([]);
    expect(parseShow('\n')).toEqual([]);
  });
});

describe('parseShowEnvironment', () => {
  it('unquotes the assignments', () => {
    expect(Object.fromEntries(parseShowEnvironment(parseShow(SHOWN)[0]!.get('Environment')!))).toEqual({
      A: '1',
      B: 'x y',
      C: 'a\nb',
      D: 'q"r$s`t\\',
      E: '',
      F: 'ä',
      G: "it's",
      H: '*?',
    });
  });
});

describe('parseShowEnvironmentLines', () => {
  // `systemctl show-environment` of systemd 252 after `systemctl set-environment`.
  it('unquotes the lines', () => {
    const lines = "LANG=C.UTF-8\nPW=\nPX=$'a b'\nPY=$'q\"r$'\nPZ=$'a\\nb'\n";
    expect(Object.fromEntries(parseShowEnvironmentLines(lines))).toEqual({
      LANG: 'C.UTF-8',
      PW: '',
      PX: 'a b',
      PY: 'q"r$',
      PZ: 'a\nb',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { findUnit, listUnits, unitDirectories } from '../../src/systemd/drop-ins.ts';
import { memoryFiles } from './memory.ts';

describe('unitDirectories', () => {
  // As `systemd-analyze unit-paths` of systemd 252 on Debian 12 prints them.
  it('gives those of the system', () => {
    expect(unitDirectories({ manager: 'system' })).toEqual([
      '/etc/systemd/system.control',
      '/run/systemd/system.control',
      '/run/systemd/transient',
      '/run/systemd/generator.early',
      '/etc/systemd/system',
      '/etc/systemd/system.attached',
      '/run/systemd/system',
      '/run/systemd/system.attached',
      '/run/systemd/generator',
      '/usr/local/lib/systemd/system',
      '/lib/systemd/system',
      '/usr/lib/systemd/system',
      '/run/systemd/generator.late',
    ]);
  });

  // As `XDG_RUNTIME_DIR=/run/user/0 systemd-analyze unit-paths --user` prints them.
  it("gives a user's", () => {
    expect(unitDirectories({ manager: 'user', home: '/root', runtimeDir: '/run/user/0' })).toEqual([
      '/root/.config/systemd/user.control',
      '/run/user/0/systemd/user.control',
      '/run/user/0/systemd/transient',
      '/run/user/0/systemd/generator.early',
      '/root/.config/systemd/user',
      '/etc/xdg/systemd/user',
      '/etc/systemd/user',
      '/run/user/0/systemd/user',
      '/run/systemd/user',
      '/run/user/0/systemd/generator',
      '/root/.local/share/systemd/user',
      '/usr/local/share/systemd/user',
      '/usr/share/systemd/user',
      '/usr/local/lib/systemd/user',
      '/usr/lib/systemd/user',
      '/run/user/0/systemd/generator.late',
    ]);
  });

  it('leaves /lib out where /usr is merged, and only there', () => {
    const merged = memoryFiles({ '/usr/lib/systemd/system/a.service': '' }, { '/lib': 'usr/lib' });
    const split = memoryFiles({ '/usr/lib/systemd/system/a.service': '', '/lib/systemd/system/b.service': '' });
    expect(unitDirectories({ manager: 'system' }, merged)).not.toContain('/lib/systemd/system');
    expect(unitDirectories({ manager: 'system' }, split)).toContain('/lib/systemd/system');
  });

  it('puts another root in front', () => {
    expect(unitDirectories({ manager: 'system', root: '/mnt/' })).toContain('/mnt/etc/systemd/system');
  });
});

describe('listUnits', () => {
  const files = memoryFiles(
    {
      '/etc/systemd/system/a.service': 'x',
      '/usr/lib/systemd/system/a.service': 'x',
      '/usr/lib/systemd/system/b.service': 'x',
      '/usr/lib/systemd/system/c@.service': 'x',
      '/usr/lib/systemd/system/d.socket': 'x',
      '/usr/lib/systemd/system/b.service.d/x.conf': 'x',
      '/usr/lib/systemd/system/.e.service': 'x',
      '/usr/lib/systemd/system/f.service': 'x',
      '/opt/g.service': 'x',
    },
    {
      '/lib': 'usr/lib',
      '/etc/systemd/system/dbus-b.service': '/lib/systemd/system/b.service',
      '/etc/systemd/system/b.service': '/usr/lib/systemd/system/b.service',
      '/etc/systemd/system/f.service': '/dev/null',
      '/etc/systemd/system/g.service': '/opt/g.service',
    },
  );

  it('gives each service once, by its strongest path, without aliases', () => {
    const units = listUnits(files, { manager: 'system' }).map(({ unit, path }) => `${unit} ${path}`);
    expect(units.sort()).toEqual([
      '.e.service /usr/lib/systemd/system/.e.service',
      'a.service /etc/systemd/system/a.service',
      'b.service /usr/lib/systemd/system/b.service',
      'c@.service /usr/lib/systemd/system/c@.service',
      'f.service /etc/systemd/system/f.service',
      'g.service /etc/systemd/system/g.service',
    ]);
  });

  it('looks at no link of a name that is not wanted', () => {
    const looked: string[] = [];
    const link = (path: string) => {
      looked.push(path);
      return files.link(path);
    };
    const watched = { ...files, link };
    expect(listUnits(watched, { manager: 'system' }, (unit) => unit === 'a.service')).toHaveLength(1);
    expect(looked).toEqual(['/etc/systemd/system/a.service']);
  });
});

describe('findUnit', () => {
  it('finds units and drop-ins below another root, links included', () => {
    const files = memoryFiles(
      { '/mnt/usr/lib/systemd/system/a.service': 'x', '/mnt/etc/systemd/system/b.service.d/z.conf': 'x' },
      { '/mnt/etc/systemd/system/b.service': '/usr/lib/systemd/system/a.service' },
    );
    expect(findUnit(files, { manager: 'system', root: '/mnt' }, 'b.service')).toEqual({
      unit: 'a.service',
      fragment: '/mnt/usr/lib/systemd/system/a.service',
      masked: false,
      dropIns: ['/mnt/etc/systemd/system/b.service.d/z.conf'],
      names: ['a.service', 'b.service'],
      root: '/mnt',
    });
  });

  it('takes links out of the unit folders for units of their own, as NixOS has them', () => {
    const store = '/nix/store/abc-unit/a.service';
    const files = memoryFiles(
      { [store]: 'x', '/nix/store/def-units/b.service': 'x' },
      { '/etc/systemd/system': '/nix/store/def-units', '/nix/store/def-units/a.service': store },
    );
    expect(findUnit(files, { manager: 'system' }, 'a.service').fragment).toBe('/etc/systemd/system/a.service');
    expect(listUnits(files, { manager: 'system' }).map(({ unit }) => unit)).toEqual(['a.service', 'b.service']);
  });

  it('gives up on links in a circle', () => {
    const files = memoryFiles(
      {},
      { '/etc/systemd/system/a.service': 'b.service', '/etc/systemd/system/b.service': 'a.service' },
    );
    expect(findUnit(files, { manager: 'system' }, 'a.service').fragment).toBeUndefined();
  });

  it('tells a mask without reading it', () => {
    const files = memoryFiles({ '/etc/systemd/system/a.service': 'x' });
    const denied = {
      ...files,
      bytes: () => {
        throw new Error('EACCES');
      },
    };
    expect(findUnit(denied, { manager: 'system' }, 'a.service').masked).toBe(false);
  });
});

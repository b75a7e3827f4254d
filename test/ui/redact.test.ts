import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printIp } from '../../src/ollama/go-net.ts';
import { type PrivateFacts, redact, redactAll, redactor } from '../../src/ui/redact.ts';
import { isPublic } from '../../src/ui/redact-addresses.ts';

const ANNA: PrivateFacts = {
  user: 'anna',
  home: '/home/anna',
  hostname: 'annas-pc.corp.zzz.net',
  addresses: ['192.168.1.20', '52.28.7.9', '2a01:4f8::5', 'fe80::1'],
};
const anna = (text: string) => redact(text, ANNA);

describe('people', () => {
  it.each([
    ['/home/anna/.ollama', '/home/<user-1>/.ollama'],
    ['in /home/bob.', 'in /home/<user-2>.'],
    ['/Users/bob/Library and /home/anna', '/Users/<user-2>/Library and /home/<user-1>'],
    ['/var/home/bob/x', '/var/home/<user-2>/x'],
    ['/mnt/c/Users/Bob/AppData', '/mnt/c/Users/<user-2>/AppData'],
    ['C:\\Users\\Bob\\AppData', 'C:\\Users\\<user-2>\\AppData'],
    ['C:\\\\Users\\\\Bob\\\\AppData', 'C:\\\\Users\\\\<user-2>\\\\AppData'],
    ['C:\\Users\\Bob Smith\\AppData', 'C:\\Users\\<user-2>\\AppData'],
    ['"C:\\Users\\bob"', '"C:\\Users\\<user-2>"'],
    ['c:/users/bob/x', 'c:/users/<user-2>/x'],
    ['/run/media/bob/disk', '/run/media/<user-2>/disk'],
    ['/home/bob/x belongs to Bob', '/home/<user-2>/x belongs to <user-2>'],
    ['User=bob', 'User=<user-2>'],
    ['sudo -u bob ollama serve', 'sudo -u <user-2> ollama serve'],
    ['anna-agent and web_Anna_1', '<user-1>-agent and web_<user-1>_1'],
    ['S-1-5-21-1004336348-1177238915-682003330-1001', '<account-1>'],
  ])('%s', (text, redacted) => {
    expect(anna(text)).toBe(redacted);
  });

  it.each([
    '/home/linuxbrew/.linuxbrew/bin/ollama',
    '/Users/Shared/x',
    'C:\\Users\\Public\\x',
    'sudo -u ollama ollama serve',
    'User=root',
    'hannah, annals and joanna',
    '/root/.ollama, /usr/share/ollama, /run/user/1000',
    'S-1-5-18',
  ])('%s names nobody', (text) => {
    expect(anna(text)).toBe(text);
  });

  it('have homes elsewhere as well', () => {
    const facts = { ...ANNA, user: 'dmx', home: '/srv/people/dm.x/' };
    expect(redact('/srv/people/dm.x/.ollama /srv/people/dmmx', facts)).toBe('<home>/.ollama /srv/people/dmmx');
    expect(redact('D:\\Profile\\dmx\\a', { ...facts, home: 'D:\\Profile\\dmx' })).toBe('<home>\\a');
    expect(redact('/usr/share/ollama', { ...facts, user: 'ollama', home: '/usr/share/ollama' })).toBe(
      '/usr/share/ollama',
    );
  });

  it('may be several, and have names that are short, odd, or words of the report', () => {
    expect(redact('jo and anna', { ...ANNA, users: ['jo'] })).toBe('<user-2> and <user-1>');
    expect(redact('a.b+c a-b+c', { ...ANNA, user: 'a.b+c' })).toBe('<user-1> a-b+c');
    expect(redact('müller', { ...ANNA, user: 'Müller' })).toBe('<user-1>');
    expect(redact('a root of ollama', { ...ANNA, user: 'a', users: ['root', 'ollama', ''] })).toBe('a root of ollama');
  });

  it('may be called as a placeholder is', () => {
    expect(redact('address 52.28.7.9', { ...ANNA, user: 'address' })).toBe('<user-1> <public-address-1>');
  });
});

describe('hosts', () => {
  it.each([
    ['annas-pc', '<host-1>'],
    ['ANNAS-PC.corp.zzz.net:11434', '<host-1>:11434'],
    ['annas-pc.fritz.box', '<host-1>'],
    ['annas-pc-agent', '<host-1>-agent'],
    ['on annas-pc.', 'on <host-1>.'],
    ['foo@annas-pc.service', 'foo@<host-1>.service'],
    ['search corp.zzz.net', 'search <domain>'],
    ['http://annas-pc:11434', 'http://<host-1>:11434'],
    ['http://gpu.corp.zzz.net:11434/api', 'http://<host-2>:11434/api'],
    ['gpu.example.de:11434', '<host-2>:11434'],
  ])('%s', (text, redacted) => {
    expect(anna(text)).toBe(redacted);
  });

  it.each([
    'http://host.docker.internal:11434',
    'host.docker.internal:11434',
    'http://ollama:11434/api/version',
    'https://ollama.com/library',
    'http://127.0.0.1:11434, http://[::1]:11434 and http://172.17.0.1:11434',
    'override.conf:12',
    'source=routes.go:1259',
    'localhost:11434',
    'agent-runner',
  ])('%s is told', (text) => {
    expect(anna(text)).toBe(text);
  });

  it('that are called so everywhere are not looked for', () => {
    expect(redact('host.docker.internal on localhost', { ...ANNA, hostname: 'host' })).toBe(
      'host.docker.internal on localhost',
    );
    expect(redact('localhost', { ...ANNA, hostname: 'localhost.localdomain' })).toBe('localhost');
  });
});

describe('addresses', () => {
  it.each([
    ['52.28.7.9:11434', '<public-address-1>:11434'],
    ['8.8.8.8 and 52.28.7.9 and 8.8.8.8/24', '<public-address-3> and <public-address-1> and <public-address-3>/24'],
    ['ip-52-28-7-9', 'ip-<public-address-1>'],
    ['[2a01:4f8::5]:11434', '[<public-address-2>]:11434'],
    ['2A01:04F8:0:0:0:0:0:5/64', '<public-address-2>/64'],
    ['inet6 addr:2a02:1::9/64', 'inet6 addr:<public-address-3>/64'],
    ['dial 2a02:1::9: refused', 'dial <public-address-3>: refused'],
    ['at 2a02:1::9.', 'at <public-address-3>.'],
    ['2a02:1:2:3:4:5:6:7:11434', '<public-address-3>:11434'],
    ['::ffff:8.8.8.8', '<public-address-3>'],
    ['64:ff9b::8.8.8.8', '<public-address-3>'],
    ['add:2a02:1::9', 'add:<public-address-3>'],
    ['2a02:1::9%eth0', '<public-address-3>%eth0'],
    ['02:42:ac:11:00:02', '<mac-address-1>'],
    ['78-E7-D1-EA-46-DA and 78:e7:d1:ea:46:da', '<mac-address-1> and <mac-address-1>'],
    ['enx78e7d1ea46da', 'enx<mac-address-1>'],
    ['fe80::7ae7:d1ff:feea:46da', 'fe80::<interface-id-1>'],
    ['fd00:1:2:3:7ae7:d1ff:feea:46da', 'fd00:1:2:3:<interface-id-1>'],
  ])('%s', (text, redacted) => {
    expect(anna(text)).toBe(redacted);
  });

  it.each([
    '0.0.0.0 10.1.2.3 127.0.0.1 172.16.0.1 172.31.255.255 192.168.1.20 169.254.1.1',
    '100.64.0.1 100.127.255.255 198.18.0.1 224.0.0.251 255.255.255.0',
    ':: ::1 [::]:11434 fe80::1%eth0 fd12:3456::1 ff02::fb 2001:db8::1 3fff::1 ::ffff:172.17.0.1 64:ff9b::10.0.0.1',
    'fe80::42:acff:fe11:2',
    '12:34:56 and 10:00 and a::b and std::string and 00:00:00:00:00:00',
    '5.15.153.1-microsoft-standard-WSL2, 10.0.22631 and 1.2.3.4.5',
    'br-0123456789ab sha256:0123456789abcdef',
  ])('%s tells the story', (text) => {
    expect(anna(text)).toBe(text);
  });

  it('of the internet never stay, however they are spelled', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const global = fc.integer({ min: 0x2000, max: 0x3ffe }).filter((a) => a !== 0x2001);
    const groups = fc.tuple(global, group, group, group, group, group, group, group);
    const spelled = groups.chain((ip) =>
      fc.constantFrom(
        printIp({ groups: ip, zone: '' }),
        ip
          .map((part) => part.toString(16).padStart(4, '0'))
          .join(':')
          .toUpperCase(),
      ),
    );
    const around = fc.constantFrom(['', ''], ['[', ']:11434'], ['addr:', '/64'], ['=', ','], ['at ', '.'], ['(', ')']);
    fc.assert(
      fc.property(spelled, around, (address, [before = '', behind = '']) => {
        expect(anna(before + address + behind)).toBe(`${before}<public-address-3>${behind}`);
      }),
    );
  });

  it('of IPv4 stay when and only when they are not public', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), (bytes) => {
        const text = bytes.join('.');
        const groups = [0, 0, 0, 0, 0, 0xffff, bytes[0] * 256 + bytes[1], bytes[2] * 256 + bytes[3]];
        const shown = redact(text, { ...ANNA, addresses: [] });
        expect(shown).toBe(isPublic({ groups, zone: '' }) ? '<public-address-1>' : text);
      }),
    );
  });
});

describe('what lets somebody in', () => {
  it.each([
    ['http://anna:geheim@10.0.0.1:3128/x', 'http://<credentials>@10.0.0.1:3128/x'],
    ['http://u:p@ss/w#d@10.0.0.1', 'http://<credentials>@10.0.0.1'],
    ['HTTPS_PROXY=u:geheim@10.0.0.1:3128', 'HTTPS_PROXY=<credentials>@10.0.0.1:3128'],
    ['http://10.0.0.1/a?token=abc&n=1#top', 'http://10.0.0.1/a?token=<redacted>&n=<redacted>#<redacted>'],
    ['http://10.0.0.1/?abc', 'http://10.0.0.1/?<redacted>'],
    ['OLLAMA_API_KEY=abc123', 'OLLAMA_API_KEY=<redacted>'],
    ['"password": "x y"', '"password": "<redacted> y"'],
    ['Authorization: Bearer abcdef', 'Authorization: <redacted>'],
    ['bearer 0123456789abcdef0', 'bearer <redacted>'],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI anna@annas-pc', 'ssh-ed25519 <redacted> <user-1>@<host-1>'],
    [`ghp_${'a1'.repeat(18)}`, '<redacted>'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----', '<redacted>'],
    ['anna.m+x@mail.zzz.org', '<e-mail-1>'],
  ])('%s', (text, redacted) => {
    expect(anna(text)).toBe(redacted);
  });

  it.each([
    'https://github.com/ollama/ollama/blob/main/docs/faq.md#how-do-i',
    'user@1000.service',
    'ollama:0.1@sha256:0123',
    'python@3.11',
  ])('%s does not', (text) => {
    expect(anna(text)).toBe(text);
  });
});

describe('a document', () => {
  it('is redacted in every string but those of closed lists, whatever comes first', () => {
    const document = { note: 'bob did', status: 'anna', list: [{ path: '/home/bob', count: 1 }, null, true] };
    expect(redactAll(document, redactor(ANNA), (key) => key === 'status')).toEqual({
      note: '<user-2> did',
      status: 'anna',
      list: [{ path: '/home/<user-2>', count: 1 }, null, true],
    });
  });

  it('has one placeholder for one thing', () => {
    const take = redactor(ANNA);
    expect([take('8.8.8.8'), take('9.9.9.9'), take('8.8.8.8')]).toEqual([
      '<public-address-3>',
      '<public-address-4>',
      '<public-address-3>',
    ]);
  });
});

it('nothing private is left in any mixture, and a second time changes nothing', () => {
  const secrets = [
    'anna',
    'annas-pc',
    '52.28.7.9',
    '2a01:4f8::5',
    '78:e7:d1:ea:46:da',
    'bob@mail.zzz.org',
    '/home/carla',
    'corp.zzz.net',
  ];
  const joints = [' ', ', ', ' (', ') ', '="', '" ', '\n', ' | ', '://', '@', '; '];
  const text = fc.array(
    fc.tuple(fc.constantFrom(...secrets, 'listens', '127.0.0.1:11434'), fc.constantFrom(...joints)),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(text, (words) => {
      const take = redactor(ANNA);
      const once = take(words.flat().join(''));
      for (const secret of [...secrets, 'carla']) expect(once).not.toContain(secret);
      expect(take(once)).toBe(once);
    }),
  );
});

it('long and hostile texts take no long time', () => {
  for (const unit of [
    'a:',
    ':',
    '1.',
    '2a01:',
    '@a',
    'a@',
    '/home/',
    '-----BEGIN A-----',
    'http://',
    'a.',
    '-',
    'token=',
  ])
    expect(anna(unit.repeat(5000)).length).toBeGreaterThan(0);
});

import { describe, expect, it } from 'vitest';
import { type Validation, ValidationError, validate } from '../../src/actions/validate.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const VALIDATION: Validation = {
  files: { 'x.service': base64('[Service]\n'), 'x.service.d/zz.conf': base64('Environment=\n') },
  argv: ['check', '--of', '{dir}/x.service', '{dir}'],
  blame: 'zz.conf',
};

/** A machine on which the program answers so. */
function machine(answer: { code?: number; stdout?: string; stderr?: string }): RecordedHost {
  return new RecordedHost().command(['check'], answer);
}

describe('complaints', () => {
  it.each([
    ['on standard error', { code: 1, stderr: '/tmp/run-1-Ab12Cd/x.service.d/zz.conf:2: Unknown key\n' }],
    ['on standard output', { code: 0, stdout: '/tmp/run-1-Ab12Cd/x.service.d/zz.conf:2: Unknown key\n' }],
  ])('about our file are errors, in the program’s words (%s)', async (_, answer) => {
    const refused = validate(machine(answer), VALIDATION, 'run-1');
    await expect(refused).rejects.toThrow(ValidationError);
    await expect(validate(machine(answer), VALIDATION, 'run-1')).rejects.toThrow(
      /^x\.service\.d\/zz\.conf:2: Unknown key$/,
    );
  });

  it('are told without those about other files', async () => {
    const stderr =
      'a.service: broken\nzz.conf:1: bad\nx.service: Command /opt/x is not executable\nzz.conf:2: bad too\n';
    await expect(validate(machine({ code: 1, stderr }), VALIDATION, 'run-1')).rejects.toThrow(
      /^zz\.conf:1: bad\nzz\.conf:2: bad too$/,
    );
  });

  it.each([
    ['about other files', { code: 1, stderr: 'x.service: Command /opt/x is not executable: No such file\n' }],
    ['about nothing', { code: 1 }],
    ['none', { code: 0 }],
  ])('%s pass', async (_, answer) => {
    await expect(validate(machine(answer), VALIDATION, 'run-1')).resolves.toBeUndefined();
  });
});

it('a program that is missing says nothing', async () => {
  await expect(validate(new RecordedHost(), VALIDATION, 'run-1')).resolves.toBeUndefined();
});

it('a program that does not end says nothing', async () => {
  const host = new RecordedHost().command(['check'], { code: null, error: 'ETIMEDOUT' });
  await expect(validate(host, VALIDATION, 'run-1')).resolves.toBeUndefined();
});

it('the program gets copies in a folder of its own, with a time limit, without root', async () => {
  const host = new RecordedHost({ uid: 1000, gid: 1000, name: 'ann', home: '/home/ann' });
  const seen: unknown[] = [];
  host.command(['check'], (argv, { timeout }) => {
    seen.push(argv, timeout, host.files.text('/tmp/run-1-Ab12Cd/x.service.d/zz.conf'));
    return {};
  });
  await validate(host, VALIDATION, 'run-1');
  expect(seen).toEqual([
    ['check', '--of', '/tmp/run-1-Ab12Cd/x.service', '/tmp/run-1-Ab12Cd'],
    10_000,
    'Environment=\n',
  ]);
  expect(host.done.map(({ identity }) => identity)).toEqual(['self']);
});

it.each([{ code: 0 }, { code: 1, stderr: 'zz.conf: bad' }])('the folder goes again (%o)', async (answer) => {
  const host = machine(answer);
  await validate(host, VALIDATION, 'run-1').catch(() => undefined);
  expect(host.files.list('/tmp')).toEqual([]);
});

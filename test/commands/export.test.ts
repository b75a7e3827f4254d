import { describe, expect, it } from 'vitest';
import { exported } from '../../src/commands/export.ts';
import { SetupError } from '../../src/errors.ts';
import { parseFlags } from '../../src/flags.ts';

const print = (...words: string[]) => exported(parseFlags(['export', ...words], {}));
const refusal = (...words: string[]) =>
  Promise.resolve()
    .then(() => print(...words))
    .then(
      () => undefined,
      (error: unknown) => (error instanceof SetupError ? error : undefined),
    );

describe('export', () => {
  it('prints the format that is asked for, with the value as setup would write it', async () => {
    expect(await print('reg')).toContain('"OLLAMA_HOST"="0.0.0.0:11434"');
    expect(await print('reg', '--host', '192.168.1.20')).toContain('"OLLAMA_HOST"="192.168.1.20:11434"');
    expect(await print('--host=:8080', 'reg', '--allow', 'any')).toContain('"OLLAMA_HOST"="0.0.0.0:8080"');
    expect(await print('reg-undo')).toContain('"OLLAMA_HOST"=-');
    expect(await exported(parseFlags(['export', 'reg'], { STIGMER_SETUP_OLLAMA_HOST: '10.0.0.1:1' }))).toContain(
      '"10.0.0.1:1"',
    );
  });

  it('refuses a format that does not exist, and names those that do', async () => {
    const error = await refusal('regg');
    expect([error?.exit, error?.message, error?.meaning, error?.remedy]).toEqual([
      2,
      'There is no format regg.',
      'There is: ansible, cloud-init, sh, reg, reg-undo.',
      'did you mean reg?',
    ]);
    for (const word of ['constructor', '__proto__']) expect((await refusal(word))?.exit).toBe(2);
    expect((await refusal())?.remedy).toBe('npx stigmer-setup-ollama export ansible');
    expect((await refusal('reg', 'reg-undo'))?.exit).toBe(2);
  });

  it('refuses a value as setup does', async () => {
    const error = await refusal('reg', '--host', 'http://0.0.0.0');
    expect([error?.exit, error?.code, error?.remedy]).toEqual([
      2,
      'scheme-without-port',
      'npx stigmer-setup-ollama export reg --host 0.0.0.0:11434',
    ]);
    for (const format of ['sh', 'cloud-init', 'ansible'])
      expect(await refusal(format, '--allow', 'lan', '--host', '127.0.0.1'), format).toMatchObject({
        exit: 2,
        message: '--allow lan and --host 127.0.0.1 contradict each other.',
        remedy: `npx stigmer-setup-ollama export ${format} --allow lan`,
      });
    for (const format of ['reg', 'reg-undo'])
      expect(await refusal(format, '--allow', 'lan')).toMatchObject({
        exit: 2,
        message: `export ${format} has no form of --allow lan.`,
        meaning: expect.stringContaining("Windows' own firewall"),
        remedy: expect.stringContaining('-RemoteAddress LocalSubnet'),
      });
    expect((await refusal('reg', '--json'))?.message).toContain('--json is not a flag of export');
  });
});

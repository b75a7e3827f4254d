import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import {
  AGENT,
  AGENT_FILE,
  acts,
  appPid,
  awaitBinding,
  expectAppAsBefore,
  fails,
  life,
  listening,
  quitApp,
  restartApp,
  shootApp,
} from './app-kit.ts';
import { causes, codes, product, setup, undo } from './homebrew-kit.ts';
import { withMac } from './rig/mac.ts';

// Ollama.app by a variable of the login session, and the agent that sets it at every login.
describe.skipIf(rigUnavailable()).concurrent('Ollama.app, by a variable', () => {
  it('listens on another port, outlasts everything, and goes back', () =>
    withMac('app-var', { app: { expose: 1 } }, async (mac) => {
      const first = await life(mac, { args: ['--host', '127.0.0.1:8080'], bound: '127.0.0.1 8080' });
      const [lint] = first.calls.filter(({ program }) => program === 'plutil');
      expect(lint?.args[0]).toBe('-lint');
      expect(acts(first)).toEqual([
        'launchctl setenv OLLAMA_HOST 127.0.0.1:8080',
        `launchctl enable gui/501/${AGENT}`,
        `launchctl bootstrap gui/501 ${AGENT_FILE}`,
        'open -j -a /Applications/Ollama.app --args hidden',
      ]);
    }));

  it('has a valid agent that stays after its job, and the value as it was told', () =>
    withMac('app-var-agent', { app: { expose: 0, settings: { models: '' } } }, async (mac) => {
      const before = await shootApp(mac);
      const env = { OLLAMA_HOST: '10.1.1.1:9', OLLAMA_MODELS: '/nowhere', OLLAMA_DEBUG: '1' };
      await setup(mac, ['--host', '0.0.0.0:8080'], { env });
      await awaitBinding(mac, ':: 8080');
      const given = await mac.serverEnvironment(8080);
      expect([given.OLLAMA_HOST, given.OLLAMA_MODELS, given.OLLAMA_DEBUG]).toEqual([
        '0.0.0.0:8080',
        undefined,
        undefined,
      ]);
      expect(await mac.plist(AGENT_FILE)).toMatchObject({
        Label: AGENT,
        RunAtLoad: true,
        LimitLoadToSessionType: 'Aqua',
      });
      const stat = mac.host.stat(AGENT_FILE);
      expect([(stat?.mode ?? 0) & 0o7777, stat?.uid]).toEqual([0o644, 501]);
      await mac.must(['/usr/bin/plutil', '-lint', AGENT_FILE]);

      // Another port, then the switch: what the first run set up goes, and the way back is still to the very beginning.
      await setup(mac, ['--host', '127.0.0.1:8080']);
      await awaitBinding(mac, '127.0.0.1 8080');
      await setup(mac);
      await awaitBinding(mac, ':: 11434');
      expect(mac.host.exists(AGENT_FILE)).toBe(false);
      expect((await shootApp(mac)).setenv).toBeUndefined();
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
    }));

  it('finds a variable that somebody set, says when it goes, and puts it back', () =>
    withMac('app-var-theirs', { app: { expose: 0 } }, async (mac) => {
      await mac.launchctl(['setenv', 'OLLAMA_HOST', '0.0.0.0']);
      await restartApp(mac);
      await awaitBinding(mac, ':: 11434');
      const before = await shootApp(mac);
      const doctor = await product(mac, ['doctor']);
      expect([doctor.code, causes(doctor)]).toEqual([
        0,
        expect.arrayContaining(['mac-launchctl-setenv-lost-on-reboot']),
      ]);
      // It listens as wanted, but not for long: the row is set, and nothing is ended.
      const masked = await setup(mac);
      expect(codes(masked)).toContain('mac-launchctl-setenv-lost-on-reboot');
      expect([acts(masked), (await mac.appRow())?.expose, before.setenv]).toEqual([[], 1, '0.0.0.0']);
      await undo(mac);
      await expectAppAsBefore(mac, before);

      await setup(mac, ['--host', '127.0.0.1:8080']);
      await awaitBinding(mac, '127.0.0.1 8080');
      await undo(mac);
      await awaitBinding(mac, ':: 11434');
      await expectAppAsBefore(mac, before);

      // The switch beats a variable with another port.
      await mac.launchctl(['setenv', 'OLLAMA_HOST', '0.0.0.0:8080']);
      await setup(mac);
      const told = await product(mac, ['doctor']);
      expect([told.code, causes(told)]).toEqual([0, expect.arrayContaining(['mac-app-expose-drops-custom-port'])]);
    }));

  it('serves an app without a database, running or not', () =>
    withMac('app-var-old', { app: { version: '0.9.6' } }, async (mac) => {
      const first = await shootApp(mac);
      await setup(mac);
      await awaitBinding(mac, ':: 11434');
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, first);
      await quitApp(mac);
      const before = await shootApp(mac);
      await setup(mac);
      await awaitBinding(mac, ':: 11434');
      await undo(mac);
      await awaitBinding(mac, '');
      expect(await appPid(mac)).toBeUndefined();
      await expectAppAsBefore(mac, before);
    }));

  it('is not half done when launchd refuses', () =>
    withMac('app-var-refused', { app: { expose: 1 }, faults: { setenvRefused: true } }, async (mac) => {
      const before = await shootApp(mac);
      const refused = await fails(mac, 6, ['--yes', '--host', '127.0.0.1:8080']);
      expect([refused.report.outcome, listening(mac)]).toEqual(['rolled-back', [':: 11434']]);
      expect(refused.said).toContain('Not privileged to set domain environment');
      await expectAppAsBefore(mac, before);
      await mac.faults({ setenvRefused: false, bootstrapFails: 'always' });
      const pid = await appPid(mac);
      const unloaded = await fails(mac, 6, ['--yes', '--host', '127.0.0.1:8080']);
      expect(unloaded.report.outcome).toBe('rolled-back');
      await awaitBinding(mac, ':: 11434');
      expect(await appPid(mac)).not.toBe(pid);
      await expectAppAsBefore(mac, before);

      // An address that this Mac does not have: the app tries for ever, and setup does not.
      await mac.faults({ bootstrapFails: 0 });
      const nowhere = await fails(mac, 7, ['--yes', '--host', '192.168.77.7', '--timeout', '2']);
      expect([nowhere.report.outcome, nowhere.said]).toEqual(['rolled-back', expect.stringContaining('cannot assign')]);
      await awaitBinding(mac, ':: 11434');
      await expectAppAsBefore(mac, before);
    }));
});

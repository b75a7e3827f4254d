import { describe, expect, it } from 'vitest';
import { applicationFirewall, productVersion } from '../../src/probes/macos.ts';
import { RecordedMac } from '../rig/mac-host.ts';

const ON = 'Firewall is enabled. (State = 1)\n';
const NO_BLOCK = 'Firewall has block all state set to disabled.\n';

describe('the application firewall', () => {
  it.each([
    ['Firewall is disabled. (State = 0)\n', NO_BLOCK, /: off$/],
    [ON, NO_BLOCK, /: on, for each program/],
    [ON, 'Block all DISABLED! \n', /: on, for each program/],
    [ON, 'Block all ENABLED! \n', /: blocks all/],
    [ON, 'Firewall has block all state set to enabled.\n', /: blocks all/],
    ['Firewall is blocking all non-essential incoming connections. (State = 2)\n', '', /: blocks all/],
    ['', '', /^not examined$/],
  ])('%j %j', async (state, block, words) => {
    const host = new RecordedMac()
      .command(['socketfilterfw', '--getglobalstate'], { stdout: state })
      .command(['socketfilterfw', '--getblockall'], { stdout: block });
    expect(await applicationFirewall(host)).toMatch(words);
  });

  it('is not examined without its tool', async () => {
    expect(await applicationFirewall(new RecordedMac())).toBe('not examined');
  });
});

it.each([
  [{ stdout: '26.5.2\n' }, '26.5.2'],
  [{ stdout: '10.15.7\n' }, '10.15.7'],
  [{ stdout: '\n' }, undefined],
  [{ code: 1, stdout: 'x' }, undefined],
])('the version of macOS: %j', async (answer, version) => {
  expect(await productVersion(new RecordedMac().command(['sw_vers'], answer))).toBe(version);
});

import { describe } from 'vitest';
import { appConformance } from './macos/rig/conformance/app.ts';
import { brewConformance } from './macos/rig/conformance/brew.ts';
import { launchctlConformance } from './macos/rig/conformance/launchctl.ts';
import { nodeConformance } from './macos/rig/conformance/node.ts';
import { toolConformance } from './macos/rig/conformance/tools.ts';
import { rigUnavailable } from './rig/available.ts';

// The emulated Mac against the fact sheet (macos.md): what it gets wrong, the product would get right in vain.
describe.skipIf(rigUnavailable())('the emulated Mac', () => {
  launchctlConformance();
  brewConformance();
  appConformance();
  toolConformance();
  nodeConformance();
});

import { defineConfig } from 'vitest/config';
import { textTemplates } from './scripts/text-templates.mjs';

/**
 * Firewalls as the library reads them, what is exported, all that a client can have wrong, the snap, Homebrew on Linux, the
 * faults and odd files of an emulated Mac, a thousand runs, and the versions of Node: CI has no time for these as well.
 */
export const MORE = [
  'test/e2e/firewall*.test.ts',
  'test/e2e/open-firewall.test.ts',
  'test/e2e/export-*.test.ts',
  'test/e2e/doctor-clients.test.ts',
  'test/e2e/snap.test.ts',
  'test/e2e/homebrew-linux.test.ts',
  'test/e2e/macos/{launchd,homebrew}-{faults,files,plist,between,states,rights}.test.ts',
  'test/e2e/repeated.test.ts',
  'test/e2e/node-versions.test.ts',
];

export default defineConfig({
  plugins: [textTemplates()],
  define: { __VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/e2e/**/*.test.ts'],
    // These have runs of their own: vitest.windows.config.ts and vitest.more.config.ts.
    exclude: ['test/e2e/windows*.test.ts', 'test/e2e/windows/**', ...MORE],
    globalSetup: ['test/e2e/rig/global-setup.ts'],
    pool: 'forks',
    // Each test boots hosts of its own, which wait more than they work.
    maxWorkers: 3,
    // A host that its neighbours starve may miss a moment that a test waits for; what fails three times is a defect.
    retry: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});

import { defineConfig } from 'vitest/config';
import shared from './vitest.e2e.config.ts';

/**
 * Windows Node under Wine: apart from the other real hosts, since it needs Wine, a cross compiler and Node for Windows, and
 * nothing of what those need.
 */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: ['test/e2e/windows*.test.ts', 'test/e2e/windows/**/*.test.ts'],
    exclude: [],
    globalSetup: ['test/e2e/windows/rig/global-setup.ts'],
  },
});

import { defineConfig } from 'vitest/config';
import { textTemplates } from './scripts/text-templates.mjs';

export default defineConfig({
  plugins: [textTemplates()],
  define: { __VERSION__: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/e2e/**/*.test.ts'],
    // Windows and the firewall library have runs of their own.
    exclude: ['test/e2e/windows*.test.ts', 'test/e2e/windows/**', 'test/e2e/firewall*.test.ts'],
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

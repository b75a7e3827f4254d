import { defineConfig } from 'vitest/config';
import e2e from './vitest.e2e.config.ts';

// The rig of the end-to-end tests, with measurements in the place of tests: nothing here can fail for being slow.
export default defineConfig({
  ...e2e,
  test: { ...e2e.test, include: ['test/bench/**/*.bench.ts'], testTimeout: 900_000, maxWorkers: 1 },
});

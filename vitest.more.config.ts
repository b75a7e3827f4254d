import { defineConfig } from 'vitest/config';
import shared, { MORE } from './vitest.e2e.config.ts';

/** Further real hosts: see MORE. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: MORE,
    exclude: [],
  },
});

import { defineConfig } from 'vitest/config';
import shared, { MORE } from './vitest.e2e.config.ts';

/** Further real hosts: see MORE; and a thousand runs in the place of sixty. */
export default defineConfig({
  ...shared,
  test: {
    ...shared.test,
    include: [...MORE, 'test/e2e/repeated.test.ts'],
    exclude: [],
    env: { STIGMER_REPEATS: '1000' },
  },
});

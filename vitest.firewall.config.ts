import { defineConfig } from 'vitest/config';
import shared from './vitest.e2e.config.ts';

/** What reads and judges firewalls, on real ones: apart from the other real hosts, since no command uses all of it yet. */
export default defineConfig({
  ...shared,
  test: { ...shared.test, include: ['test/e2e/firewall*.test.ts'], exclude: [] },
});

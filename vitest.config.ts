import { defineConfig } from 'vitest/config';
import { textTemplates } from './scripts/text-templates.mjs';

export default defineConfig({
  plugins: [textTemplates()],
  define: { __VERSION__: JSON.stringify('0.0.0-test') },
  test: { include: ['test/**/*.test.ts'], exclude: ['test/e2e/**', 'node_modules/**'], testTimeout: 20_000 },
});

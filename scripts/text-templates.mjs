import { readFileSync } from 'node:fs';

/** Vite plugin: a file below templates/ is imported as its text, as esbuild's `text` loader does in the build. */
export function textTemplates() {
  return {
    name: 'text-templates',
    enforce: 'pre',
    load(id) {
      if (!/\/templates\/[^?]+$/.test(id)) return null;
      return `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`;
    },
  };
}

// What packages bring along that is not used.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The code pages that a Windows has for its consoles, by the language that it was installed in (OEMCP of its locales). */
const CODE_PAGES = /^cp(437|737|775|85[0257]|862|866|874|1252|1258)$/;

/** Signs that inquirer's prompts show, of the hundred that there are. */
const SIGNS = ['line', 'tick', 'pointer'];

/** For esbuild: leaves it out of the bundle. */
export const unusedParts = {
  name: 'unused-parts',
  setup(bundler) {
    // Property lists are XML: the table of HTML's entities is never looked at.
    bundler.onLoad({ filter: /@xmldom[\\/]xmldom[\\/]lib[\\/]entities\.js$/ }, ({ path: file }) => {
      const { XML_ENTITIES } = createRequire(file)(file);
      const json = JSON.stringify(XML_ENTITIES);
      return { contents: `exports.XML_ENTITIES = exports.HTML_ENTITIES = exports.entityMap = Object.freeze(${json});` };
    });
    // Nor are its elements and attributes.
    bundler.onLoad({ filter: /@xmldom[\\/]xmldom[\\/]lib[\\/]conventions\.js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace(/^\t[a-z]+: (true|false),\n/gm, ''),
    }));
    bundler.onLoad({ filter: /node_modules[\\/]sax[\\/]lib[\\/]sax\.js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace(/^ {4}\w+: \d+,\n/gm, ''),
    }));
    bundler.onLoad({ filter: /@inquirer[\\/]figures[\\/]dist[\\/]index\.js$/ }, ({ path: file }) => {
      const entry = (line, name) => (SIGNS.includes(name) ? line : '');
      return { contents: readFileSync(file, 'utf8').replace(/^ {4}(\w+): '.*',\n/gm, entry) };
    });
    bundler.onLoad({ filter: /@xmldom[\\/]xmldom[\\/]lib[\\/]dom\.js$/ }, () => ({
      contents: readFileSync(new URL('plain-dom.cjs', import.meta.url), 'utf8'),
    }));
    // The third kind of property list has been refused before plist is asked (src/plist/decode.ts).
    bundler.onLoad({ filter: /plist[\\/]dist[\\/]parse-openstep\.js$/ }, () => ({
      contents: 'export const parseOpenStep = () => { throw new Error("an OpenStep property list"); };',
    }));
    bundler.onLoad({ filter: /iconv-lite[\\/]encodings[\\/]sbcs-data-generated\.js$/ }, ({ path: file }) => {
      const all = createRequire(file)(file);
      // An alias is the name of the table itself: `437`, `windows1252`.
      const named = (name) => (typeof all[name] === 'string' ? named(all[name]) : name);
      const pages = Object.keys(all).filter((name) => CODE_PAGES.test(name));
      const tables = new Set(pages.flatMap((name) => [name, named(name)]));
      return {
        contents: `module.exports = ${JSON.stringify(Object.fromEntries([...tables].map((name) => [name, all[name]])))};`,
      };
    });
    // plist's writer is not called (the package does not declare that leaving a module out changes nothing, which it does not).
    bundler.onResolve({ filter: /^\.\/build(-binary)?\.js$/ }, ({ resolveDir, path: file }) =>
      /node_modules[\\/]plist[\\/]dist$/.test(resolveDir)
        ? { path: path.join(resolveDir, file), sideEffects: false }
        : undefined,
    );
  },
};

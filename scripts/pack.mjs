// Puts the parts that every run needs into one file: what Node spends on opening eighteen files is a good part of a start.
import path from 'node:path';

/**
 * @param {{ file: string, code: string }[]} parts CommonJS, each by its path
 * @param {import('esbuild').Metafile['outputs']} outputs what esbuild says of the same files before they became CommonJS
 * @param {string} start how the name of the part begins whose needs go into one file, which keeps its name
 * @param {string[]} apart how the names of the parts begin that shall not have to load that file
 * @returns {{ file: string, code: string }[]} the files to write
 */
export function pack(parts, outputs, start, apart) {
  const imports = new Map(
    Object.entries(outputs).map(([file, { imports }]) => [
      path.basename(file),
      imports.filter(({ kind }) => kind === 'import-statement').map((each) => path.basename(each.path)),
    ]),
  );
  const reach = (name, seen = new Set()) => {
    if (!seen.has(name) && imports.has(name)) {
      seen.add(name);
      for (const each of imports.get(name)) reach(each, seen);
    }
    return seen;
  };
  const named = (beginning) => [...imports.keys()].filter((name) => name.startsWith(beginning));
  const [main, ...others] = named(start);
  if (main === undefined || others.length > 0) throw new Error(`there is not just one part ${start}`);
  const outside = new Set(apart.flatMap(named).flatMap((name) => [...reach(name)]));
  const inside = new Set([...reach(main)].filter((name) => !outside.has(name)));
  const rewrite = (code, at) =>
    code.replace(/\brequire\("(\.{1,2}\/(?:parts\/)?)([^"/]+\.js)"\)/g, (whole, folder, name) => {
      if (!inside.has(name)) return whole;
      return at === 'inside' ? `part("${name}")` : `require("${folder}${main}").part("${name}")`;
    });
  const packed = parts.filter(({ file }) => inside.has(path.basename(file)));
  // In parentheses V8 compiles a function at once, where it would otherwise read it twice.
  const bodies = packed.map(
    ({ file, code }) =>
      `"${path.basename(file)}":(function(module,exports,require,part){${rewrite(code, 'inside').trimEnd()}\n})`,
  );
  const registry = [
    `const parts={${bodies.join(',\n')}};`,
    'const made=Object.create(null);',
    'const part=(name)=>{let module=made[name];',
    'if(!module){module=made[name]={exports:{}};parts[name](module,module.exports,require,part)}return module.exports};',
    'exports.part=part;',
  ].join('\n');
  return parts.flatMap(({ file, code }) => {
    const name = path.basename(file);
    if (name === main) return [{ file, code: `${registry}\n` }];
    return inside.has(name) ? [] : [{ file, code: rewrite(code, 'outside') }];
  });
}

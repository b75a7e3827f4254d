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
  // By number: a name of a part is eight random letters, which no compression makes smaller.
  const packed = parts.filter(({ file }) => inside.has(path.basename(file)));
  const numbers = new Map(packed.map(({ file }, index) => [path.basename(file), index]));
  const rewrite = (code, at) =>
    code.replace(/\brequire\("(\.{1,2}\/(?:parts\/)?)([^"/]+\.js)"\)/g, (whole, folder, name) => {
      if (!inside.has(name)) return whole;
      const number = numbers.get(name);
      return at === 'inside' ? `part(${number})` : `require("${folder}${main}").part(${number})`;
    });
  const bodies = packed.map(
    ({ code }) => `function(module,exports,require,part){${rewrite(code, 'inside').trimEnd()}\n}`,
  );
  // As arguments they are put into parentheses: V8 then compiles a function at once, where it would otherwise read it twice.
  const registry = [
    `const parts=((...all)=>all)(${bodies.join(',\n')});`,
    'const made=[];',
    'const part=(number)=>{let module=made[number];',
    'if(!module){module=made[number]={exports:{}};parts[number](module,module.exports,require,part)}return module.exports};',
    'exports.part=part;',
  ].join('\n');
  return parts.flatMap(({ file, code }) => {
    const name = path.basename(file);
    if (name === main) return [{ file, code: `${registry}\n` }];
    return inside.has(name) ? [] : [{ file, code: rewrite(code, 'outside') }];
  });
}

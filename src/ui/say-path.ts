import type { Host } from '../host/host.ts';
import { type Link, renderPath, tellPath } from './path.ts';
import { hasUnicode } from './path-unicode.ts';
import type { People } from './people.ts';

/** The way from a container to the models: drawn on a terminal, told in a sentence where there is none or no colours. */
export function sayPath(people: People, { env, platform }: Host, path: readonly Link[]): void {
  if (path.length === 0) return;
  people.say();
  if (people.drawn && people.colors.isColorSupported) {
    const options = { columns: people.columns, unicode: hasUnicode(env, platform), colors: people.colors };
    for (const line of renderPath(path, options)) people.say(line);
  } else {
    people.say(tellPath(path));
  }
  people.say();
}

import { ANSWERS } from './causes/answers.ts';
import { BREW } from './causes/brew.ts';
import { CLIENT } from './causes/client.ts';
import { CONTAINERS } from './causes/containers.ts';
import { DOCKER } from './causes/docker.ts';
import { LINUX } from './causes/linux.ts';
import { MAC } from './causes/mac.ts';
import { PROGRAM } from './causes/program.ts';
import { SYSTEMD } from './causes/systemd.ts';
import { VALUES } from './causes/values.ts';
import { WINDOWS } from './causes/windows.ts';
import { WSL } from './causes/wsl.ts';

/**
 * The closed list: every name that `checks[].cause` and the code of a warning can have, each an entry of the
 * troubleshooting guide. Names only come to it, they never leave or change: programs rely on them. It is some 30 KB, so
 * load it dynamically, and only when something is to be explained.
 */
export const CAUSES = {
  ...CLIENT,
  ...VALUES,
  ...ANSWERS,
  ...CONTAINERS,
  ...DOCKER,
  ...SYSTEMD,
  ...LINUX,
  ...MAC,
  ...BREW,
  ...WINDOWS,
  ...WSL,
  ...PROGRAM,
};

/** A name of the closed list; `import type` of it costs nothing when the program runs. */
export type Cause = keyof typeof CAUSES;

/** A cause in people's words. */
export interface Explanation {
  title: string;
  means: string;
  /** A command that can be pasted, or a step in words, which ends with a full stop. */
  mend: string;
  /** Its entry in the guide, from the root of the repository. */
  entry: string;
}

/** What is to be said of a cause; undefined for a name that is not in the list, such as an error's own code. */
export function explanationOf(cause: string): Explanation | undefined {
  if (!Object.hasOwn(CAUSES, cause)) return undefined;
  const [title, means, mend] = CAUSES[cause as Cause];
  return { title, means, mend, entry: `docs/troubleshooting.md#${cause}` };
}

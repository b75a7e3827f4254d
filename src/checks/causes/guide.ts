import { CAUSES, type Cause } from '../causes.ts';
import type { Details, Symptom, Where } from './details.ts';
import { ANSWERS_DETAILS } from './guide/answers.ts';
import { BREW_DETAILS } from './guide/brew.ts';
import { CLIENT_DETAILS } from './guide/client.ts';
import { CONTAINERS_DETAILS } from './guide/containers.ts';
import { DOCKER_DETAILS } from './guide/docker.ts';
import { LINUX_DETAILS } from './guide/linux.ts';
import { MAC_DETAILS } from './guide/mac.ts';
import { PROGRAM_DETAILS } from './guide/program.ts';
import { SYSTEMD_DETAILS } from './guide/systemd.ts';
import { VALUES_DETAILS } from './guide/values.ts';
import { WINDOWS_DETAILS } from './guide/windows.ts';
import { WSL_DETAILS } from './guide/wsl.ts';

/** All that is known of a cause: an entry of the troubleshooting guide. */
export interface CauseText {
  title: string;
  means: string;
  seen: string;
  /** The best first; a step in words ends with a full stop, all else can be pasted. */
  mend: string[];
  sources: string[];
  where: Where[];
  symptoms: Symptom[];
}

/** The chapters of the guide, each with what it says of its causes. */
export const CHAPTERS: { title: string; details: Partial<Record<Cause, Details>> }[] = [
  { title: 'The caller', details: CLIENT_DETAILS },
  { title: 'The value of OLLAMA_HOST, and the server', details: VALUES_DETAILS },
  { title: 'Answers, and who may reach Ollama', details: ANSWERS_DETAILS },
  { title: 'What a container says', details: CONTAINERS_DETAILS },
  { title: 'Container engines and firewalls', details: DOCKER_DETAILS },
  { title: 'Linux: systemd', details: SYSTEMD_DETAILS },
  { title: 'Linux: other ways of installing', details: LINUX_DETAILS },
  { title: 'macOS', details: MAC_DETAILS },
  { title: 'macOS: Homebrew', details: BREW_DETAILS },
  { title: 'Windows', details: WINDOWS_DETAILS },
  { title: 'WSL2', details: WSL_DETAILS },
  { title: 'What this program says of its own work', details: PROGRAM_DETAILS },
];

/**
 * The whole list. For the guide and its test alone: nothing that is bundled imports this file.
 * @throws TypeError when a cause stands in no chapter
 */
export function guide(): Record<Cause, CauseText> {
  const details = Object.assign({}, ...CHAPTERS.map((chapter) => chapter.details)) as Record<Cause, Details>;
  const entries = Object.entries(CAUSES).map(([name, [title, means, first]]) => {
    const { more, mend, ...rest } = details[name as Cause];
    return [name, { title, means: more ? `${means} ${more}` : means, mend: [first, ...mend], ...rest }];
  });
  return Object.fromEntries(entries) as Record<Cause, CauseText>;
}

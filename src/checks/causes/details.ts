/** Where a cause is met: the system that Ollama runs on, or the one of the caller where that is what matters. */
export type Where = 'linux' | 'macos' | 'windows' | 'wsl' | 'any';

/** How a cause shows, as people search for it; `yesterday` is what worked until a reboot, an upgrade or a logout. */
export type Symptom =
  | 'refused'
  | 'timeout'
  | 'noroute'
  | 'name'
  | '403'
  | '404'
  | 'proxy'
  | 'reset'
  | 'yesterday'
  | 'inuse'
  | 'startup'
  | 'other';

/** What the guide says of a cause beyond its `Brief`. Of the guide alone: the program never loads it. */
export interface Details {
  /** A second sentence or two. */
  more?: string;
  /** The error as people paste it. */
  seen: string;
  /** What else mends it; a step in words ends with a full stop, all else is a command or a line of a file. */
  mend: string[];
  /** Threads in which it happened, documents, or the code that does it; none for what this program alone says. */
  sources: string[];
  where: Where[];
  symptoms: Symptom[];
}

/** Why Ollama is not where it is wanted: a name of the closed list, and what was read that says so. */
export interface Reason {
  cause: string;
  /** A clause without a full stop. */
  why: string;
  evidence?: string;
  remedy?: string;
}

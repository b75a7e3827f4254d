/** One thing that was looked at, as the contract's `checks[]`. */
export interface Check {
  id: string;
  status: 'pass' | 'warn' | 'fail' | 'skip';
  /** A name of the closed list in causes.ts. */
  cause?: string;
  summary: string;
  evidence?: string;
  remedy?: string;
  /** The command by which a person makes the same check again. */
  repeat?: string;
}

import { FileError } from '../../src/errors.ts';

/** This process was ended with kill -9: nothing that it would have done after this happens. */
export class Death extends Error {
  override name = 'Death';
}

/** How far an act gets that a fault hits: not begun, half (of its bytes), or done without saying so. */
export type Point = 'before' | 'torn' | 'after';

interface Fault {
  kind: 'fail' | 'die' | 'interrupt';
  at: number;
  point: Point;
  errno: string;
}

export interface ActMore<T> {
  /** What is there when the act is cut short. */
  half?: () => void;
  /** What a failure is answered with, for acts that do not throw. */
  failed?: (errno: string) => T;
  /** True when an error means that nothing was done. */
  atomic?: boolean;
}

/** Counts what is done to a machine and makes the n-th of it (from 1) go wrong. */
export class Faults {
  /** How many acts there were so far. */
  count = 0;
  #fault: Fault | undefined;
  #dead = false;
  readonly #interruption: () => AbortController;

  constructor(interruption: () => AbortController) {
    this.#interruption = interruption;
  }

  /** The n-th act from now on is answered with this error. */
  failAt(n: number, { errno = 'ENOSPC', point = 'before' }: { errno?: string; point?: Point } = {}): void {
    this.#set({ kind: 'fail', at: n, point, errno });
  }

  /** This process ends at the n-th act from now on. */
  dieAt(n: number, point: Point = 'before'): void {
    this.#set({ kind: 'die', at: n, point, errno: '' });
  }

  /** Ctrl-C is pressed while the n-th act from now on is under way. */
  interruptAt(n: number): void {
    this.#set({ kind: 'interrupt', at: n, point: 'before', errno: '' });
  }

  /** No more faults: the next run of the program, on the machine as it was left. */
  revive(): void {
    this.count = 0;
    this.#fault = undefined;
    this.#dead = false;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Does an act, or what the fault leaves of it. */
  act<T>(path: string, whole: () => T, { half = () => {}, failed, atomic = false }: ActMore<T> = {}): T {
    if (this.#dead) throw new Death('dead');
    this.count++;
    const fault = this.#fault?.at === this.count ? this.#fault : undefined;
    if (!fault) return whole();
    if (fault.kind === 'interrupt') {
      this.#interruption().abort(130);
      return whole();
    }
    if (fault.point === 'torn') half();
    // unlink(2) and rmdir(2) that report an error have done nothing.
    if (fault.point === 'after' && (fault.kind === 'die' || !atomic)) whole();
    if (fault.kind === 'die') {
      this.#dead = true;
      throw new Death(`dead at ${path}`);
    }
    if (failed) return failed(fault.errno);
    throw new FileError(fault.errno, path, `${fault.errno}: made to fail`);
  }

  #set(fault: Fault): void {
    this.revive();
    this.#fault = fault;
  }
}

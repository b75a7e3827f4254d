import type { Change } from '../actions/change.ts';
import type { Act } from '../actions/index.ts';

export type { Change } from '../actions/change.ts';

/** What a run would do, as data: every view of it (dry run, question, JSON, journal, undo) reads this and nothing else. */
export interface Plan {
  /** Which installation, as `kind:id`. */
  target: string;
  changes: Change[];
  /** What makes the changes take effect. */
  activate: Act[];
  /** What makes the old state take effect again, once the changes are taken back. */
  deactivate: Act[];
}

export type StepStatus = 'planned' | 'done' | 'unchanged' | 'reverted' | 'failed';

/** A step of a plan as people and programs see it. */
export interface Step {
  id: string;
  title: string;
  status: StepStatus;
  path?: string;
  diff?: string;
  command?: string;
}

/** True when taking it back would only do the same again, as after a restart without a change: that brings nothing back. */
export function leavesNothing({ changes, activate, deactivate }: Plan): boolean {
  const words = (act: Act | undefined) => {
    if (act?.type === 'command') return act.argv.join(' ');
    return act?.type === 'end' ? act.words : undefined;
  };
  const last = words(deactivate.at(-1));
  return changes.length === 0 && last !== undefined && last === words(activate.at(-1));
}

/** True when the plan would do nothing at all. */
export function isEmpty(plan: Plan): boolean {
  return plan.changes.length === 0 && plan.activate.length === 0;
}

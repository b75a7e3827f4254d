import type { Host } from '../host/host.ts';
import { applyFile, checkPlace, type FileChange, fingerprint, inspect, invert } from './file.ts';
import {
  applyRegistry,
  fingerprintOfRegistry,
  inspectRegistry,
  invertRegistry,
  type RegistryChange,
} from './registry.ts';
import { applyValue, inspectValue, invertValue, type ValueChange } from './value.ts';

/** The kinds of change that a journal can keep: each has two sides, so that its inverse is the same turned round. */
export type Change = FileChange | ValueChange | RegistryChange;

/** What is changed: no two changes of a plan have the same. */
export function subjectOf(change: Change): string {
  return change.type === 'file' ? change.path : change.subject;
}

/** Where the machine stands with regard to a change: already done, still as planned, or changed by somebody else. */
export function inspectChange(host: Host, change: Change): Promise<'done' | 'todo' | 'conflict'> {
  if (change.type === 'registry') return inspectRegistry(host, change);
  return change.type === 'file' ? inspect(host, change) : inspectValue(host, change);
}

/** Throws FileError when somebody without the right to could steer where the change ends. */
export function checkChange(host: Host, change: Change): void {
  if (change.type === 'file') checkPlace(host, change);
}

/** Makes the change. `run` tells this run's temporary files from another's. Throws FileError, CommandError or ValidationError. */
export function applyChange(host: Host, change: Change, run: string): Promise<void> {
  if (change.type === 'registry') return applyRegistry(host, change);
  return change.type === 'file' ? applyFile(host, change, run) : applyValue(host, change);
}

/** What takes the change back. */
export function invertChange(change: Change): Change {
  if (change.type === 'registry') return invertRegistry(change);
  return change.type === 'file' ? invert(change) : invertValue(change);
}

/** The hash (of a file) or the text (of a value) by which the state that the change makes is recognised later. */
export function fingerprintOf(change: Change): string {
  if (change.type === 'file') return fingerprint(change.to);
  if (change.type === 'registry') return fingerprintOfRegistry(change.to);
  return change.to ?? 'absent';
}

/** True when making the change starts a program that goes on running. */
export function startsSomething(change: Change): boolean {
  return change.type === 'value' && change.awaken !== undefined;
}

/** True when the change leaves nothing where something was, or the other way round, or something else: not merely an empty folder. */
export function isEffective({ from, to }: Change): boolean {
  return from !== null || to !== null;
}

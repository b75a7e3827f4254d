import defaults from '../../templates/ansible-defaults.yml';
import handlers from '../../templates/ansible-handlers.yml';
import playbook from '../../templates/ansible-playbook.yml';
import tasks from '../../templates/ansible-tasks.yml';
import vars from '../../templates/ansible-vars.yml';
import type { ExportRequest } from './reg.ts';
import { sh } from './sh.ts';
import { fill, wordsOf } from './systemd.ts';

/** The change as a playbook. The shell export is in it, for all that has to be looked at or proved on a host. */
export function ansible(request: ExportRequest): string {
  const words = wordsOf(request);
  return fill(playbook, { ...words, ...partsOf(request) });
}

function partsOf(request: ExportRequest): Record<'defaults' | 'vars' | 'tasks' | 'handlers', string> {
  const words = { ...wordsOf(request), script: sh(request).trimEnd() };
  const filled = (template: string) => fill(template, words).trimEnd();
  return { defaults: filled(defaults), vars: filled(vars), tasks: filled(tasks), handlers: filled(handlers) };
}

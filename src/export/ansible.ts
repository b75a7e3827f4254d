import defaults from '../../templates/ansible-defaults.yml';
import handlers from '../../templates/ansible-handlers.yml';
import homebrew from '../../templates/ansible-homebrew.yml';
import playbook from '../../templates/ansible-playbook.yml';
import tasks from '../../templates/ansible-tasks.yml';
import vars from '../../templates/ansible-vars.yml';
import type { ExportRequest } from './reg.ts';
import { sh } from './sh.ts';
import { fill, filterWords, sections, wordsOf } from './systemd.ts';

/** The change as a playbook. The shell export is in it, for all that has to be looked at or proved on a host. */
export function ansible(request: ExportRequest): string {
  const words = { ...wordsOf(request), ...filterWords(request) };
  return fill(sections(playbook, request.allow), { ...words, ...partsOf(request) });
}

/** By this line a file of an earlier role is known, which may be written anew. */
export const ROLE_MARK = 'Written by stigmer-setup-ollama ';

/** Of a file of its own a host with systemd skips one task instead of a dozen. */
const INCLUDE = `- name: Make Homebrew's Ollama listen so
  ansible.builtin.include_tasks: homebrew.yml
  when: stigmer_ollama_manager == 'homebrew'`;

/** A filter comes and goes with a service of the system's systemd alone. */
const REFUSAL = `- name: Refuse what a filter cannot be tied to
  ansible.builtin.fail:
    msg: "--allow is for services of the system's own systemd: nothing was changed. Export without it for this host."
  when: stigmer_ollama_user != '' or stigmer_ollama_manager != 'systemd'`;

/** The same as a role: its files by their paths in the role's folder. */
export function ansibleRole(request: ExportRequest): Record<string, string> {
  const { defaults, vars, tasks, handlers, homebrew } = partsOf(request);
  const { version, wanted } = request;
  const head = `# Makes the Ollama that systemd runs on a host listen on ${wanted}. ${ROLE_MARK}${version}.\n---\n`;
  const parts = { tasks: `${tasks}\n\n${INCLUDE}`, defaults, vars, handlers, meta: 'dependencies: []' };
  const files = Object.entries(parts).map(([part, text]) => [`${part}/main.yml`, text]);
  return Object.fromEntries(
    [...files, ['tasks/homebrew.yml', homebrew]].map(([path, text]) => [path, `${head}${text}\n`]),
  );
}

function partsOf(request: ExportRequest): Record<'defaults' | 'vars' | 'tasks' | 'handlers' | 'homebrew', string> {
  const { allow } = request;
  const filter = filterWords(request, '{{ stigmer_ollama_unit }}', '{{ stigmer_ollama_table }}');
  const words = { ...wordsOf(request), ...filter, script: sh(request).trimEnd() };
  const filled = (template: string) => fill(sections(template, allow), words).trimEnd();
  return {
    defaults: filled(defaults),
    vars: filled(vars),
    tasks: allow === undefined ? filled(tasks) : `${REFUSAL}\n\n${filled(tasks)}`,
    handlers: filled(handlers),
    homebrew: allow === undefined ? filled(homebrew) : REFUSAL,
  };
}

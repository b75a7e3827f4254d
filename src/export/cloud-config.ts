import template from '../../templates/cloud-config.yml';
import type { ExportRequest } from './reg.ts';
import { fill, filterWords, sections, wordsOf } from './systemd.ts';

/** The drop-in as cloud-config: `write_files` comes before packages and commands (cloud-init's order of modules). */
export function cloudConfig(request: ExportRequest): string {
  return fill(sections(template, request.allow), { ...wordsOf(request), ...filterWords(request) });
}

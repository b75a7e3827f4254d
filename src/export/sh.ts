import template from '../../templates/ollama-host.sh';
import filter from '../../templates/ollama-host-filter.sh';
import type { ExportRequest } from './reg.ts';
import { fill, filterWords, sections, wordsOf } from './systemd.ts';

/** The change as a POSIX shell script that plans, applies, verifies, puts back and undoes it on a host with systemd. */
export function sh(request: ExportRequest): string {
  const { allow } = request;
  const words = { ...wordsOf(request), ...filterWords(request, '$UNIT', '$TABLE') };
  return fill(sections(template, allow), { ...words, filter: fill(sections(filter, allow), words).trimEnd() });
}

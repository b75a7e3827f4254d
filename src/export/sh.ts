import template from '../../templates/ollama-host.sh';
import type { ExportRequest } from './reg.ts';
import { fill, wordsOf } from './systemd.ts';

/** The change as a POSIX shell script that plans, applies, verifies, puts back and undoes it on a host with systemd. */
export function sh(request: ExportRequest): string {
  return fill(template, wordsOf(request));
}

import type { Host } from '../host/host.ts';
import { takesAnyOrigin } from '../ollama/api.ts';
import type { Check } from './check.ts';

/** What is added to an open port by `*` in OLLAMA_ORIGINS; nothing where web pages are kept out. */
export async function originChecks(host: Host, base: string): Promise<Check[]> {
  if (!(await takesAnyOrigin(host, base, 2000))) return [];
  const summary =
    'OLLAMA_ORIGINS lets web pages from anywhere use this Ollama: with the port open, any page that somebody on your network looks at can.';
  const evidence = `GET ${base}/api/version with the header Origin: http://nobody.invalid`;
  return [{ id: 'exposure', status: 'warn', cause: 'origins-any', summary, evidence }];
}

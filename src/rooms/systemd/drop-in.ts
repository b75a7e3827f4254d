import template from '../../../templates/zz-stigmer-ollama-host.conf';
import { quoteEnvironment } from '../../systemd/environment.ts';
import { VARIABLE } from './unit.ts';

/**
 * The name sorts after `override.conf`, which `systemctl edit` makes: drop-ins apply in byte order of their names
 * (systemd.unit(5)), and letters come after digits, so a `99-….conf` would lose to it.
 */
export const DROP_IN = 'zz-stigmer-ollama-host.conf';

/** The line that sets the variable, as systemd reads it back. */
export function assignment(value: string): string {
  return quoteEnvironment(VARIABLE, value);
}

/** The drop-in as this program writes it anew; `extra` are further lines of its [Service] section. */
export function newDropIn(value: string, version: string, extra: string[] = []): string {
  const text = template
    .replace('Environment="OLLAMA_HOST={{value}}"', assignment(value))
    .replaceAll('{{version}}', version);
  return extra.length === 0 ? text : `${text.trimEnd()}\n${extra.join('\n')}\n`;
}

/** A drop-in of ours that is there already, with only our line changed: what others have added to it stays. */
export function changedDropIn(text: string, value: string): string | undefined {
  const line = /^[ \t]*Environment=["']?OLLAMA_HOST=.*$/m;
  return line.test(text) ? text.replace(line, () => assignment(value)) : undefined;
}

/** A name that sorts after `last`, which would otherwise take effect after ours. `~` is the last printable ASCII byte. */
export function nameAfter(last: string): string {
  const tildes = /^~*/.exec(last)?.[0].length ?? 0;
  return `${'~'.repeat(tildes + 1)}${DROP_IN}`;
}

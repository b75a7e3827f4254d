/** Something private by its kind: the same thing gets the same placeholder, other things of its kind the next number. */
export type PrivateKind = 'user' | 'host' | 'public-address' | 'mac-address' | 'interface-id' | 'e-mail' | 'account';

/** What stands in place of what has no number, since it is never told twice. */
export const CREDENTIALS = '<credentials>';
export const REDACTED = '<redacted>';
export const HOME = '<home>';
export const DOMAIN = '<domain>';

const PLACEHOLDER =
  /(<(?:(?:user|host|public-address|mac-address|interface-id|e-mail|account)-\d+|credentials|redacted|home|domain)>)/;

/** The placeholders that were given out. */
export class Placeholders {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<PrivateKind, number>();

  /** The placeholder of a thing: "<user-1>". Upper and lower case are the same, as in host names and on Windows. */
  of(kind: PrivateKind, thing: string): string {
    const key = `${kind} ${thing.toLowerCase()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    this.#known.set(key, `<${kind}-${count}>`);
    return `<${kind}-${count}>`;
  }
}

/** Applies a rule to what is not a placeholder already: a user may be called "host". */
export function outsidePlaceholders(text: string, rule: (part: string) => string): string {
  return text
    .split(PLACEHOLDER)
    .map((part, index) => (index % 2 === 1 ? part : rule(part)))
    .join('');
}

/** Why a file is no property list that can be read or edited, and where. */
export class PlistError extends Error {
  override name = 'PlistError';
  /** For people: a short clause without the position. */
  readonly reason: string;
  /** Counted from 1; only text has lines. */
  readonly line?: number;
  /** Counted from 1, in UTF-16 code units, as editors do. */
  readonly column?: number;

  constructor(reason: string, at?: Place) {
    super(at ? `line ${at.line}, column ${at.column}: ${reason}` : reason);
    this.reason = reason;
    if (at) {
      this.line = at.line;
      this.column = at.column;
    }
  }
}

export interface Place {
  line: number;
  column: number;
}

/** Where in a text an offset is. */
export function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: lines.length, column: lines.at(-1)!.length + 1 };
}

/** Throws the error for what stands at an offset of a text. */
export function failAt(text: string, offset: number, reason: string): never {
  throw new PlistError(reason, placeOf(text, Math.min(offset, text.length)));
}

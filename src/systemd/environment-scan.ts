/** The state machine behind EnvironmentFile=: parse_env_file_internal() of systemd's src/basic/env-file.c. */

export interface FileAssignment {
  name: string;
  value: string;
  /** The lines of the name and of the end of the value, counted from 1. */
  line: number;
  lastLine: number;
}

/** A span of the text from the first letter of the name to before the line end that closes the value. */
export interface Span extends FileAssignment {
  start: number;
  end: number;
}

export interface EnvironmentFileOptions {
  /**
   * Whether a comment that ends in a backslash takes the next line in, as it did before systemd 254
   * (state COMMENT_ESCAPE in src/basic/env-file.c).
   */
  commentsContinue?: boolean;
}

type State = 'before' | 'name' | 'opened' | 'value' | 'escape' | 'single' | 'double' | 'double-escape' | 'comment';

class Scanner {
  readonly spans: Span[] = [];
  private readonly text: string;
  private readonly commentsContinue: boolean;
  private state: State = 'before';
  private name = '';
  private value = '';
  private start = 0;
  private line = 1;
  private startLine = 1;
  // How much of the value stays when blanks at its end are taken off: those in quotes or escaped do.
  private kept = 0;

  constructor(text: string, options: EnvironmentFileOptions) {
    this.text = text;
    this.commentsContinue = options.commentsContinue ?? false;
  }

  run(): Span[] {
    for (let at = 0; at < this.text.length; at++) {
      const character = this.text[at]!;
      this.step(character, at);
      if (character === '\n' || (character === '\r' && this.text[at + 1] !== '\n')) this.line++;
    }
    if (this.state !== 'before' && this.state !== 'name' && this.state !== 'comment') this.push(this.text.length);
    return this.spans;
  }

  private step(character: string, at: number): void {
    const newline = character === '\n' || character === '\r';
    const blank = newline || character === ' ' || character === '\t';
    switch (this.state) {
      case 'before':
        if (character === '#' || character === ';') this.state = 'comment';
        else if (!blank) this.open(character, at);
        break;
      case 'name':
        if (newline) this.state = 'before';
        else if (character === '=') this.state = 'opened';
        else this.name += character;
        break;
      case 'comment':
        if (newline && !(this.commentsContinue && this.escaped(at))) this.state = 'before';
        break;
      case 'opened':
        if (newline) this.push(at);
        else if (character === "'") this.state = 'single';
        else if (character === '"') this.state = 'double';
        else if (character === '\\') this.state = 'escape';
        else if (!blank) this.add(character, 'value');
        break;
      default:
        this.inValue(character, at, newline, blank);
    }
  }

  private inValue(character: string, at: number, newline: boolean, blank: boolean): void {
    switch (this.state) {
      case 'value':
        if (newline) this.push(at);
        else if (character === '\\') this.add('', 'escape');
        else if (blank) this.value += character;
        else this.add(character, 'value');
        break;
      case 'escape':
        if (newline) this.state = 'value';
        else this.add(character, 'value');
        break;
      case 'single':
        if (character === "'") this.state = 'opened';
        else this.add(character, 'single');
        break;
      case 'double':
        if (character === '"') this.state = 'opened';
        else if (character === '\\') this.state = 'double-escape';
        else this.add(character, 'double');
        break;
      default:
        if ('"\\`$'.includes(character)) this.add(character, 'double');
        else if (character === '\n') this.state = 'double';
        else this.add(`\\${character}`, 'double');
    }
  }

  /** Whether the character at `at` follows a backslash that is not escaped itself. */
  private escaped(at: number): boolean {
    let backslashes = 0;
    while (this.text[at - 1 - backslashes] === '\\') backslashes++;
    return backslashes % 2 === 1;
  }

  private open(character: string, at: number): void {
    this.state = 'name';
    this.name = character;
    this.value = '';
    this.kept = 0;
    this.start = at;
    this.startLine = this.line;
  }

  private add(characters: string, state: State): void {
    this.value += characters;
    this.kept = this.value.length;
    this.state = state;
  }

  private push(end: number): void {
    const value = this.value.slice(0, this.kept);
    const name = this.name.replace(/[ \t\n\r]+$/, '');
    this.spans.push({ name, value, line: this.startLine, lastLine: this.line, start: this.start, end });
    this.state = 'before';
  }
}

/** Everything systemd takes for an assignment, whatever its name. */
export function scan(text: string, options: EnvironmentFileOptions = {}): Span[] {
  return new Scanner(text, options).run();
}

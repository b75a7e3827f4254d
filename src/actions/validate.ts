import type { Host } from '../host/host.ts';

/**
 * A program that reads the new configuration as the service manager will. It gets copies in a folder of its own, since
 * it looks at whole units and not at single files, and its exit code counts only where its words name our file.
 */
export interface Validation {
  /** Path in the scratch folder → bytes (base64). */
  files: Record<string, string>;
  /** `{dir}` in a word stands for the scratch folder. */
  argv: string[];
  /**
   * The name by which the program's complaints about our file can be told from those about others'; null where it is
   * shown that file alone and its exit code is the answer.
   */
  blame: string | null;
}

/** The program that knows the format refuses the bytes we were about to put in place. */
export class ValidationError extends Error {
  override name = 'ValidationError';
  /** The program that does not accept it. */
  readonly judge: string;

  constructor(judge: string, complaints: string) {
    super(complaints);
    this.judge = judge;
  }
}

/** Throws ValidationError when the program complains about the file in `blame`; a program that is missing says nothing. */
export async function validate(host: Host, { files, argv, blame }: Validation, run: string): Promise<void> {
  const bytes = Object.entries(files).map(([name, content]) => [name, Buffer.from(content, 'base64')] as const);
  const dir = await host.scratch(Object.fromEntries(bytes), run);
  try {
    const words = argv.map((word) => word.replaceAll('{dir}', dir));
    const result = await host.as('self').run(words, { timeout: 10_000 });
    const said = `${result.stdout}\n${result.stderr}`.trim().split('\n');
    const refused = result.code !== null && result.code !== 0;
    const complaints = blame === null ? (refused ? said : []) : said.filter((line) => line.includes(blame));
    if (complaints.length > 0)
      throw new ValidationError(argv[0] ?? '', complaints.join('\n').replaceAll(`${dir}/`, ''));
  } finally {
    await host.discard(dir);
  }
}

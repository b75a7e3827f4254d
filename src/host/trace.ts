/** Where --verbose writes what is run and read; nothing until it is asked for. */
export const trace: { write: ((line: string) => void) | undefined } = { write: undefined };

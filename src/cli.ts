#!/usr/bin/env node
const words = process.argv.slice(2);

// Asked for its version or its help alone, the program loads nothing else.
if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  process.stdout.write(`${__VERSION__}\n`);
} else if (words.length === 1 && (words[0] === '--help' || words[0] === '-h')) {
  void import('./commands/help.ts').then(({ help }) => process.stdout.write(help()));
} else {
  import('./commands/run.ts')
    .then(({ run }) => run(words))
    .then(
      // Left to itself, Node gives the signals back to the system before it ends: a Ctrl-C just then would belie a run that is done.
      (exit) => process.exit(exit),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exitCode = 1; // EXIT.defect: this file loads nothing before it knows what is wanted
      },
    );
}

#!/usr/bin/env node
const words = process.argv.slice(2);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// The build keeps this file readable for every Node from 10 on, so that an old one says this and no syntax error.
if (major < 20 || (major === 20 && minor < 17)) {
  process.stderr.write(
    `stigmer-setup-ollama needs Node.js 20.17 or newer, and this is ${process.versions.node}. Run: npx -p node@22 -p stigmer-setup-ollama stigmer-setup-ollama\n`,
  );
  process.exitCode = 2; // EXIT.usage: the host is untouched
}
// Asked for its version or its help alone, the program loads nothing else.
else if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  process.stdout.write(`${__VERSION__}\n`);
} else if (words.length === 1 && (words[0] === '--help' || words[0] === '-h')) {
  void import('./commands/help.ts')
    .then(({ helpFor }) => helpFor(process.stdout.columns))
    .then((text) => process.stdout.write(text));
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

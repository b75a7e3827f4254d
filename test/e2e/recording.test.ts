import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Frame, terminalSvg } from '../../scripts/terminal-svg.mjs';
import { expectSetUp } from './fault-helpers.ts';
import { atHome } from './home.ts';
import { installed, rigUnavailable } from './rig/available.ts';
import { withHost } from './rig/host.ts';
import { COMMAND } from './rig/product.ts';
import { Terminal } from './rig/terminal.ts';

/** The recording of the README: `node scripts/recording.mjs` writes it anew. */

const SIZE = { columns: 92, rows: 34 };
/** Seconds that it takes to read what is asked, and what has come of it. */
const READING = 5;
const PROMPT = '\x1b[32m$\x1b[39m';
const TITLE = 'stigmer-setup-ollama in a terminal';
const DESCRIPTION =
  'It finds Ollama listening on 127.0.0.1 alone, shows the drop-in that it will write, the restart and who can reach ' +
  'Ollama then, asks "Do this? (Y/n)", does it on Enter, and proves that Ollama now listens on all interfaces.';

/** Keeps every screen that is not as the one before, until `over`. */
async function record(terminal: Terminal, over: (text: string) => boolean, from: number): Promise<Frame[]> {
  const begun = performance.now();
  const frames: Frame[] = [];
  for (let text = ''; !over(text); ) {
    text = (await terminal.painted()).replace(/\nexit code 0$/, '\n');
    if (text !== frames.at(-1)?.text) frames.push({ at: round(from + (performance.now() - begun) / 1000), text });
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  return frames;
}

const round = (seconds: number) => Math.round(seconds * 100) / 100;

describe.skipIf(rigUnavailable() !== undefined || !installed('tmux'))('the recording', () => {
  it('is of a real run, and says in words what it shows', async () => {
    await withHost('recording', {}, async (host) => {
      const before = await atHome(host);
      const command = `${PROMPT} sudo npx stigmer-setup-ollama`;
      const terminal = await Terminal.open(
        host,
        ['sh', '-c', `printf '${command}\\n'; exec ${COMMAND}`],
        SIZE.columns,
        {
          rows: SIZE.rows,
        },
      );
      try {
        const asked = await record(terminal, (text) => text.includes('(Y/n)'), 1);
        await terminal.press('Enter');
        const done = await record(terminal, (text) => /undo\s*$/.test(text), asked.at(-1)!.at + READING);
        await expectSetUp(host, before);
        const frames = [{ at: 0, text: command }, ...asked, ...done];
        const svg = terminalSvg(frames, { ...SIZE, title: TITLE, description: DESCRIPTION, hold: 2 * READING });
        const text = svg.replace(/<[^>]*>/g, '');
        for (const words of ['This will be done:', 'Do this?', '✓ Restart ollama.service', 'Take it back with:'])
          expect(text).toContain(words);
        expect(svg).not.toContain('\x1b');
        expect(Buffer.byteLength(svg)).toBeLessThan(200_000);
        if (process.env.STIGMER_RECORDING) writeFileSync(process.env.STIGMER_RECORDING, svg);
      } finally {
        await terminal.close();
      }
    });
  });
});

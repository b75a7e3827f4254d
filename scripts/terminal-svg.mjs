// Draws what a terminal has shown as an SVG that plays by itself: plain text that can be searched and read aloud, no
// script, no font of its own. Whoever does not want things to move sees the last picture.

const CELL = { width: 8.4, height: 18 };
const PAD = 14;
/** The sixteen colours by their numbers in ECMA-48's SGR, on a dark ground: contrast of 4.5 to 1 and more. */
const COLORS = {
  31: '#ff7b72',
  32: '#56d364',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#56d4dd',
  90: '#8b949e',
};
const GROUND = '#0d1117';
const INK = '#e6edf3';

/**
 * @param {{ at: number, text: string }[]} frames the screens with their escape sequences for colours, each with the
 *   second from which it is shown
 * @param {{ columns: number, rows: number, title: string, description: string, hold: number }} options `hold`: how many
 *   seconds the last one stays before all begins anew
 * @returns {string} the SVG, ending with a line's end
 */
export function terminalSvg(frames, { columns, rows, title, description, hold }) {
  const [width, height] = [Math.ceil(columns * CELL.width) + 2 * PAD, rows * CELL.height + 2 * PAD];
  const end = Math.round(100 * (frames.at(-1).at + hold)) / 100;
  const styles = frames.flatMap((_, index) => [
    `#f${index}{animation:f${index} ${end}s step-end infinite}`,
    `@keyframes f${index}{${keyframes(frames, index, end)}}`,
  ]);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(title)}</title>`,
    `<desc id="d">${escaped(description)}</desc>`,
    '<style>',
    `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${INK};white-space:pre}`,
    ...Object.entries(COLORS).map(([code, color]) => `.c${code}{fill:${color}}`),
    '.c1{font-weight:bold}.c2{opacity:.65}g{visibility:hidden}',
    `#f${frames.length - 1}{visibility:visible}`,
    '@media (prefers-reduced-motion:no-preference){',
    ...styles,
    '}</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="${GROUND}"/>`,
    ...frames.map(({ text }, index) => `<g id="f${index}">\n${linesOf(text)}\n</g>`),
    '</svg>',
  ].join('\n')}\n`;
}

function keyframes(frames, index, end) {
  const percent = (seconds) => `${((100 * seconds) / end).toFixed(2)}%`;
  const from = frames[index].at;
  const to = frames[index + 1]?.at;
  const before = from > 0 ? '0%{visibility:hidden}' : '';
  return `${before}${percent(from)}{visibility:visible}${to === undefined ? '' : `${percent(to)}{visibility:hidden}`}`;
}

function linesOf(screen) {
  const state = new Set();
  return screen
    .split('\n')
    .flatMap((line, row) => {
      const y = PAD + (row + 0.75) * CELL.height;
      const spans = spansOf(line, state);
      return spans === '' ? [] : `<text x="${PAD}" y="${y}" xml:space="preserve">${spans}</text>`;
    })
    .join('\n');
}

/** Colours may go on over the end of a line, so `state` is the caller's. */
function spansOf(line, state) {
  return line
    .replace(/\s+$/, '')
    .split(/\x1b\[([\d;]*)m/)
    .map((part, index) => {
      if (index % 2 === 1) {
        for (const code of part.split(';').map(Number)) change(state, code);
        return '';
      }
      if (part === '') return '';
      const classes = [...state].map((code) => `c${code}`).join(' ');
      return classes === '' ? escaped(part) : `<tspan class="${classes}">${escaped(part)}</tspan>`;
    })
    .join('');
}

function change(state, code) {
  if (code === 0) state.clear();
  else if (code === 22) for (const one of [1, 2]) state.delete(one);
  else if (code === 39) for (const one of Object.keys(COLORS)) state.delete(Number(one));
  else if (code === 1 || code === 2) state.add(code);
  else if (code in COLORS) {
    change(state, 39);
    state.add(code);
  }
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether the terminal shows characters beyond ASCII. Not to be asked for a pipe or a file: these take everything.
 *
 * The console of the Linux kernel has 512 glyphs at most (console_codes(4), setfont(8)), and a dumb terminal promises
 * nothing. Else the locale decides, LC_ALL before LC_CTYPE before LANG, where an empty one counts as not set
 * (locale(7)); a system where none is set is taken for one of UTF-8, as systemd does (is_locale_utf8(),
 * src/basic/locale-util.c in systemd/systemd). On Windows the terminals are told by the variables that
 * sindresorhus/is-unicode-supported knows them by (index.js); conhost, which has none, shows what its code page has.
 *
 * @param platform as Node's `process.platform`
 */
export function hasUnicode(env: Environment, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return isModernOnWindows(env);
  if (env.TERM === 'linux' || env.TERM === 'dumb') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  // "de_DE.UTF-8", "C.utf8", "sr_RS.UTF-8@latin", and "UTF-8" alone, which is a locale on macOS.
  return locale === undefined || locale === '' || /(?:^|\.)utf-?8(?:@|$)/i.test(locale);
}

function isModernOnWindows(env: Environment): boolean {
  const { TERM = '', TERM_PROGRAM = '' } = env;
  return (
    Boolean(env.WT_SESSION || env.TERMINUS_SUBLIME) ||
    env.ConEmuTask === '{cmd::Cmder}' ||
    env.TERMINAL_EMULATOR === 'JetBrains-JediTerm' ||
    ['vscode', 'Terminus-Sublime'].includes(TERM_PROGRAM) ||
    ['xterm-256color', 'alacritty', 'rxvt-unicode', 'rxvt-unicode-256color'].includes(TERM)
  );
}

/**
 * A text that may stand in one line: nothing in it moves the cursor, changes colours or the direction of writing, since
 * the names of containers and models are other people's.
 *
 * @param unicode without it accents are left out, and what has no like in ASCII becomes a question mark
 */
export function printable(text: string, unicode: boolean): string {
  const line = text
    // Whole escape sequences first (ECMA-48: CSI, then OSC up to its end), else their letters would be left.
    .replace(/[\u001b\u009b]\[?[0-?]*[ -/]*[@-~](?:(?<=\u001b\])[^\u0007\u001b]*(?:\u0007|\u001b\\)?)?/g, '')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')
    .replace(/ {2,}/g, ' ')
    .trim();
  if (unicode) return line;
  const plain = line.replace(/[‘’]/g, "'").replace(/[“”]/g, '"').replace(/[‐-―]/g, '-').replaceAll('→', '->');
  return plain
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '?');
}

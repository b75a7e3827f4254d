// Writes docs/troubleshooting.md from the list in src/checks/causes: an entry for each cause that `doctor` can name, under
// the same name. With --check nothing is written; the exit code is 1 when the file on disk says something else.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const file = path.join(root, 'docs/troubleshooting.md');

/** What people search for, in the order of how often they do. */
const SYMPTOMS = [
  ['refused', 'Connection refused'],
  ['timeout', 'Timed out, or it hangs'],
  ['noroute', 'No route to host, network is unreachable'],
  ['name', 'Name not found'],
  ['403', '403 Forbidden'],
  ['404', '404, or a model is not found'],
  ['proxy', '502, 503, or a page of HTML'],
  ['reset', 'Connection reset, or an empty reply'],
  ['yesterday', 'It worked yesterday'],
  ['inuse', 'Address already in use'],
  ['startup', 'Ollama does not start, or starts again and again'],
  ['other', 'Something else'],
];

const PLATFORMS = { any: 'Anywhere', linux: 'Linux', macos: 'macOS', windows: 'Windows', wsl: 'WSL2' };

const HEAD = [
  '# Troubleshooting',
  '',
  '<!-- Made from src/checks/causes by scripts/troubleshooting.mjs: edit there. -->',
  '',
  'Why a container, or another machine, cannot reach the Ollama of this host: every cause that `doctor` knows, under the',
  'name that it gives. To be told which one it is, run `npx stigmer-setup-ollama doctor`: it changes nothing.',
  '',
  'Words in capitals stand for what is yours: `IMAGE`, the `NAME` of a container, the `LAN-IP` of the host. Variables such',
  'as `OLLAMA_BASE_URL` are called otherwise in some programs. Of what is given to mend it, the first is the best.',
  '',
];

const { CHAPTERS, guide } = await load();
const made = page(guide());
if (process.argv.includes('--check')) {
  if (made !== onDisk()) {
    process.stderr.write(
      'docs/troubleshooting.md is not what src/checks/causes says: node scripts/troubleshooting.mjs\n',
    );
    process.exitCode = 1;
  }
} else {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, made);
}

/** The list is TypeScript, which Node 20 does not read: it is bundled in memory and imported from there. */
async function load() {
  const entry = path.join(root, 'src/checks/causes/guide.ts');
  const options = { bundle: true, format: 'esm', platform: 'node', target: 'node20.17', write: false };
  const { outputFiles } = await build({ ...options, entryPoints: [entry], absWorkingDir: root, logLevel: 'warning' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function onDisk() {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function page(list) {
  const entries = Object.entries(list);
  const bySymptom = SYMPTOMS.flatMap(([key, title]) => {
    const found = entries.filter(([, { symptoms }]) => symptoms.includes(key));
    return [`### ${title}`, '', ...found.map(([name, cause]) => `- [${plain(cause.title)}](#${name})`), ''];
  });
  const byPlatform = Object.entries(PLATFORMS).flatMap(([key, title]) => {
    const found = entries.filter(([, { where }]) => where.includes(key));
    return [`**${title}:** ${found.map(([name]) => `[${name}](#${name})`).join(', ')}`, ''];
  });
  const chapters = CHAPTERS.flatMap(({ title, details }) => [
    `## ${title}`,
    '',
    ...Object.keys(details).flatMap((name) => entry(name, list[name])),
  ]);
  return `${[...HEAD, '## By what you see', '', ...bySymptom, '## By platform', '', ...byPlatform, ...chapters]
    .join('\n')
    .trimEnd()}\n`;
}

/** The heading of an entry is its name alone: that makes it its anchor, too, but for the dots that GitHub drops there. */
function entry(name, { title, means, seen, mend, sources, where }) {
  const platforms = where.map((key) => PLATFORMS[key]).join(', ');
  return [
    ...(name.includes('.') ? [`<a id="${name}"></a>`, ''] : []),
    `### ${name}`,
    '',
    `**${plain(title)}** (${platforms})`,
    '',
    plain(means),
    '',
    `You see: ${plain(seen)}`,
    '',
    'What helps:',
    '',
    ...mend.map((one) => (one.endsWith('.') ? `- ${plain(one)}` : `- \`${one}\``)),
    '',
    ...(sources.length > 0 ? [`See: ${sources.map((url) => `[${labelOf(url)}](${url})`).join(', ')}`, ''] : []),
  ];
}

/** Text as Markdown: what would be taken for HTML is shown as it is, except in code, where it is anyway. */
function plain(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/[<*]/g, '\\$&')))
    .join('');
}

/** "ollama/ollama#3581" for a thread, "Homebrew/brew: service.rb" for a file, else the site. */
function labelOf(url) {
  const { hostname, pathname } = new URL(url);
  const [, owner, repo, kind, ...rest] = pathname.split('/');
  if (hostname !== 'github.com') return hostname.replace(/^www\./, '');
  if (['issues', 'pull', 'discussions'].includes(kind)) return `${owner}/${repo}#${rest[0]}`;
  const last = rest.at(-1);
  return last ? `${owner}/${repo}: ${last}` : `${owner}/${repo}`;
}

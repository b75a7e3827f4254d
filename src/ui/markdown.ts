import type { Check } from '../checks/check.ts';
import type { Report } from '../report.ts';
import { block, code, html, prose, table } from './markdown-escape.ts';
import { type Link, renderPath, tellPath } from './path.ts';
import { printListeners } from './people.ts';
import { type Redactor, redactAll } from './redact.ts';

export interface MarkdownOptions {
  /** Of this program. */
  version: string;
  /** Of Node, as `process.version`. */
  node: string;
  /** Applied to everything that this host says, so that none of it gets out by oversight. */
  redact: Redactor;
  /** The way from a container to the models; empty where none was looked at. */
  path?: readonly Link[];
  /** Where the causes are explained; in an issue only a whole address leads there. */
  guide?: string;
}

/** What is one of a closed list, and so tells nothing of anybody. */
const LISTED = new Set(['kind', 'cause', 'code', 'status', 'state', 'outcome', 'os', 'scope', 'reach']);

/** More than that of one piece of evidence is left out: GitHub takes 65,536 characters of an issue, and people fewer. */
const LONGEST_EVIDENCE = 4000;
/** In cells; what is wider would have to be scrolled on a page of GitHub's. */
const PAGE_COLUMNS = 100;

const STATUS: Record<Check['status'], string> = { pass: '✓ pass', warn: '! warn', fail: '✗ fail', skip: '– skip' };

/** A report to paste into an issue on GitHub, redacted, with the commands to repeat each check. Ends with a line's end. */
export function reportMarkdown(report: Report, options: MarkdownOptions): string {
  const { version, node, redact, guide = 'docs/troubleshooting.md' } = options;
  const seen = { report, path: options.path ?? [] };
  const { report: told, path } = redactAll(seen, redact, (key) => LISTED.has(key));
  const parts = [
    `### stigmer-setup-ollama ${told.command}: ${told.outcome}`,
    header(told, version, node),
    ...picture(path),
    ...failure(told),
    ...section('Checks', checkTable(told.checks, guide)),
    ...told.checks.map(details).filter((part) => part !== ''),
    ...section('Installations', installationTable(told)),
    ...section('Settings', settingTable(told)),
    ...section('Who can reach it', exposure(told)),
    ...section(
      'Warnings',
      told.warnings.map(({ code: name, message }) => `- ${code(name)}: ${prose(message)}`),
    ),
    '<sub>Names, homes, public addresses and credentials are replaced; please look through it all the same.</sub>',
  ];
  return `${parts.join('\n\n')}\n`;
}

function section(title: string, body: string | string[]): string[] {
  const text = typeof body === 'string' ? body : body.join('\n');
  return text === '' ? [] : [`#### ${title}`, text];
}

function header(report: Report, version: string, node: string): string {
  const { os, release, wsl } = report.host;
  return table(
    ['stigmer-setup-ollama', code(version)],
    [
      ['Node', code(node)],
      ['System', `${os} ${code(release)}${wsl ? ' (WSL)' : ''}`],
      ['Wanted', code(`OLLAMA_HOST=${report.wanted.ollamaHost}`)],
      ['Listens on', prose(printListeners(report.after))],
      ['Exit code', String(report.exitCode)],
    ],
  );
}

function picture(path: readonly Link[]): string[] {
  if (path.length === 0) return [];
  return [block(renderPath(path, { columns: PAGE_COLUMNS, unicode: true }).join('\n')), prose(tellPath(path))];
}

function failure({ error }: Report): string[] {
  if (!error) return [];
  const remedy = error.remedy ? [block(error.remedy)] : [];
  const meaning = error.meaning ? [block(clip(error.meaning))] : [];
  return [`**${code(error.code)}** ${prose(error.message)}`, ...meaning, ...remedy];
}

function checkTable(checks: readonly Check[], guide: string): string {
  const rows = checks.map(({ id, status, cause: name, summary }) => [
    STATUS[status],
    code(id),
    name ? cause(name, guide) : '',
    prose(summary),
  ]);
  return table(['Status', 'Check', 'Cause', 'What was seen'], rows);
}

function cause(name: string, guide: string): string {
  return `[${prose(name)}](${guide}#${encodeURIComponent(name)})`;
}

/** What a check rests on; open where something is wrong. */
function details({ id, status, summary, evidence, repeat, remedy }: Check): string {
  const parts = [
    ...(evidence ? ['Evidence:', block(clip(evidence))] : []),
    ...(repeat ? ['To repeat it:', block(repeat, 'sh')] : []),
    ...(remedy ? ['To mend it:', block(remedy)] : []),
  ];
  if (parts.length === 0) return '';
  const open = status === 'fail' ? ' open' : '';
  const title = `<details${open}><summary>${STATUS[status]}: ${html(id)}: ${html(summary)}</summary>`;
  return [title, ...parts, '</details>'].join('\n\n');
}

/** The end is what a log is read for. */
function clip(text: string): string {
  if (text.length <= LONGEST_EVIDENCE) return text;
  const end = text.slice(-LONGEST_EVIDENCE);
  const line = end.indexOf('\n') + 1;
  return `(${text.length - end.length + line} characters before this are left out)\n${end.slice(line)}`;
}

function installationTable({ installations }: Report): string {
  const rows = installations.map(({ kind, id, selected, version, running }) => [
    code(kind),
    code(id),
    version ? code(version) : 'not asked',
    running ? 'yes' : 'no',
    selected ? 'yes' : 'no',
  ]);
  return table(['Kind', 'Name', 'Version', 'Running', 'Selected'], rows);
}

function settingTable({ installations }: Report): string {
  const rows = installations.flatMap(({ id, settings }) =>
    settings.map(({ value, source, effective }) => [
      code(id),
      value === null ? 'taken away' : code(value) || 'empty',
      code(source),
      effective ? 'yes' : 'no',
    ]),
  );
  return table(['Name', 'OLLAMA\\_HOST', 'Set in', 'In effect'], rows);
}

function exposure({ exposure: { addresses, firewall, hostHeaderGuard } }: Report): string[] {
  const rows = addresses.map(({ interface: name, address, reach }) => [code(address), code(name), reach]);
  const guard = hostHeaderGuard ? 'checked' : 'not checked (off loopback Ollama does not)';
  return [
    ...(rows.length > 0 ? [table(['Address', 'Interface', 'For'], rows), ''] : []),
    `- Firewall: ${prose(firewall)}`,
    `- Host header of requests: ${guard}`,
  ];
}

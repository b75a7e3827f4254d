import type { Report } from '../../../src/report.ts';
import type { ProductResult, Windows } from './rig/windows.ts';

/** Milliseconds for one machine and all that is done on it, however busy the one it runs on is. */
export const TIMEOUT = 400_000;
export const ALL = '0.0.0.0:11434';

/** What the product said, as its document. */
export const told = ({ report }: ProductResult) => report as Report;
export const codes = ({ warnings }: Report) => warnings.map(({ code }) => code);

/** Where Ollama listens on its own port. */
export const addresses = (win: Windows) => win.listeners(11434).map(({ address }) => address);
export const setup = (win: Windows, ...more: string[]) => win.product(['--yes', '--json', ...more]);
export const undo = (win: Windows) => win.product(['undo', '--yes', '--json']);

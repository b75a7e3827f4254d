import { invertRegistry } from '../actions/registry.ts';
import type { Scope } from '../firewall/allow.ts';
import { isUnspecified, settingVariable, VARIABLE } from '../rooms/windows-variable.ts';
import { regFile } from './reg-file.ts';

/** What an export is made of. */
export interface ExportRequest {
  /** The value that OLLAMA_HOST shall have, canonical. */
  wanted: string;
  /** This program's. */
  version: string;
  /** Who may reach the port; everybody unless told. */
  allow?: Scope;
}

const COMMAND = 'npx stigmer-setup-ollama export';

/** The change as a .reg file. */
export function reg({ wanted, version }: ExportRequest): string {
  return regFile(settingVariable(null, wanted), {
    what: `Sets ${VARIABLE}=${wanted} for the user who imports it: where Ollama listens.`,
    version,
    notes: [
      'As that user (an administrator or SYSTEM would set it for themselves):',
      '  reg export HKCU\\Environment before.reg    (what is there now)',
      '  reg import ollama-host.reg',
      'Windows tells running programs nothing of an import: it counts from the next sign-in on. Without one:',
      `  setx ${VARIABLE} ${wanted}    (tells the desktop)`,
      "then quit Ollama from its icon in the taskbar's corner, and start it from the Start menu.",
      ...clients(wanted),
      `What takes it back: ${COMMAND} reg-undo > ollama-host-undo.reg`,
    ],
  });
}

/** What takes it back: a file cannot know what was there before, so that it removes the variable. */
export function regUndo({ wanted, version }: ExportRequest): string {
  return regFile(invertRegistry(settingVariable(null, wanted)), {
    what: `Removes ${VARIABLE} of the user who imports it, whatever it holds: Ollama takes 127.0.0.1:11434 then.`,
    version,
    notes: [
      `It takes back what "${COMMAND} reg" sets. A value from before is not known here: set that again`,
      `with setx ${VARIABLE} VALUE, or from the file that was exported before the change.`,
      '  reg import ollama-host-undo.reg',
      'Windows tells running programs nothing of an import: it counts from the next sign-in on.',
    ],
  });
}

function clients(wanted: string): string[] {
  if (!isUnspecified(wanted)) return [];
  return [
    `Programs that take ${VARIABLE} for the address to call (Python, Rust, .NET, curl) fail with error 10049 then:`,
    `give those ${VARIABLE}=http://127.0.0.1:${wanted.slice(wanted.lastIndexOf(':') + 1)} where they are started.`,
  ];
}

import type { Details } from '../details.ts';
import type { PROGRAM } from '../program.ts';

/** What the guide adds to the causes of what this program says of its own work. */
export const PROGRAM_DETAILS: Record<keyof typeof PROGRAM, Details> = {
  'port-held': {
    seen: "`address already in use`, or an answer on 11434 that is not Ollama's",
    mend: [
      "sudo ss -ltnp 'sport = :11434'   # macOS: sudo lsof -nP -iTCP:11434 -sTCP:LISTEN; Windows: netstat -ano | findstr :11434",
    ],
    sources: ['https://github.com/ollama/ollama/issues/707'],
    where: ['any'],
    symptoms: ['inuse'],
  },
  'two-servers-on-port': {
    seen: 'Programs of this machine and containers see different models',
    mend: ['lsof -nP -iTCP:11434 -sTCP:LISTEN   # Windows: netstat -ano | findstr :11434'],
    sources: [
      'https://github.com/Osmantic/ODS/pull/52',
      'https://learn.microsoft.com/en-us/windows/win32/winsock/using-so-reuseaddr-and-so-exclusiveaddruse',
    ],
    where: ['macos', 'windows'],
    symptoms: ['404', 'inuse'],
  },
  'not-answering-yet': {
    seen: 'A connection is made, and no answer comes',
    mend: [],
    sources: ['https://github.com/ollama/ollama/blob/main/server/routes.go'],
    where: ['any'],
    symptoms: ['timeout'],
  },
  'not-durable': {
    seen: 'Said by this program about an `ollama serve` in a terminal',
    mend: ['Let a service start Ollama: its installer sets one up on Linux, `brew services start ollama` on a Mac.'],
    sources: ['https://github.com/ollama/ollama/blob/main/docs/faq.mdx'],
    where: ['any'],
    symptoms: ['yesterday'],
  },
  'environment-unseen': {
    seen: 'Said by this program about a server of another user or one that hides its environment',
    mend: [],
    sources: ['https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html'],
    where: ['linux', 'macos'],
    symptoms: ['other'],
  },
  'model-loaded': {
    seen: 'Said by this program before it asks',
    mend: [],
    sources: [],
    where: ['any'],
    symptoms: ['other'],
  },
  'edited-since': {
    seen: 'Said by this program during undo',
    mend: [],
    sources: [],
    where: ['any'],
    symptoms: ['other'],
  },
  'unfinished-run': {
    seen: 'Said by this program after a power loss or a kill',
    mend: ['npx stigmer-setup-ollama'],
    sources: [],
    where: ['any'],
    symptoms: ['other'],
  },
};

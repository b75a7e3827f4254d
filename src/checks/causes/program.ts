import { type Brief, DOCTOR } from './brief.ts';

/** Causes of what this program says of its own work. */
export const PROGRAM = {
  'port-held': [
    "Another program holds Ollama's port",
    'Only one program can listen there, so Ollama cannot start.',
    DOCTOR,
  ],
  'two-servers-on-port': [
    'Two servers share the port',
    'One has 127.0.0.1 and one all addresses: callers reach different servers.',
    DOCTOR,
  ],
  'not-answering-yet': [
    'The port is open, but nothing has answered yet',
    'Ollama looks for graphics cards first, which can take a minute.',
    'curl http://127.0.0.1:11434/api/version',
  ],
  'not-durable': [
    'The setting lasts as long as this server',
    'It was started by hand, or what will start it next does not have the setting.',
    'export OLLAMA_HOST=0.0.0.0:11434',
  ],
  'environment-unseen': [
    "The running server's variables cannot be read",
    'Started anew it has those of this terminal, perhaps without OLLAMA_MODELS.',
    'sudo npx stigmer-setup-ollama',
  ],
  'model-loaded': [
    'A model is loaded and will be unloaded',
    'The restart ends answers that are being written; the model loads again.',
    'ollama ps',
  ],
  'edited-since': [
    'A file was edited after setup had written it',
    'undo takes its own line out and leaves the rest.',
    'npx stigmer-setup-ollama undo --dry-run',
  ],
  'unfinished-run': [
    'An earlier run was cut short',
    'Its journal is there, so it can be completed or taken back.',
    'npx stigmer-setup-ollama undo',
  ],
} as const satisfies Record<string, Brief>;

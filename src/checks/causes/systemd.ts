import { type Brief, SETUP } from './brief.ts';

/** Causes of Linux services of systemd. */
export const SYSTEMD = {
  'sd-dropin-without-section-header': [
    'The settings file lacks its [Service] line',
    'Without that heading systemd ignores what follows.',
    SETUP,
  ],
  'sd-curly-quotes': [
    'Typographic quotation marks in the settings file',
    'systemd knows the straight ones only, and ignores the line.',
    SETUP,
  ],
  'sd-malformed-environment-line': [
    'systemd ignores a line of the settings file',
    'It is written in a way that systemd does not understand.',
    SETUP,
  ],
  'sd-edit-saved-in-discarded-zone': [
    'systemctl edit threw the text away',
    'Only what stands above its marker line is kept.',
    SETUP,
  ],
  'sd-no-daemon-reload-or-restart': [
    'The setting is right, but the server is old',
    'systemd has not read it again, or Ollama was not restarted since.',
    SETUP,
  ],
  'sd-unit-overwritten-by-upgrade': [
    'Upgrading Ollama undid the setting',
    "Its installer writes the service's file anew each time; only drop-ins stay.",
    SETUP,
  ],
  'sd-envfile-reference-lost-on-upgrade': [
    'The service no longer reads its settings file',
    'The line that named it was probably in the file the installer replaced.',
    SETUP,
  ],
  'sd-environmentfile-overrides-dropin': [
    'A file of variables beats the drop-in',
    'What an EnvironmentFile sets wins over Environment= lines, whatever their order.',
    SETUP,
  ],
  'sd-later-dropin-wins': [
    'Another drop-in comes later and wins',
    'Of several files that set OLLAMA_HOST, the last by name counts.',
    SETUP,
  ],
  'sd-unset-environment': [
    'A line of the service takes OLLAMA_HOST away',
    'UnsetEnvironment= is stronger than every file that sets it.',
    SETUP,
  ],
  'sd-manual-serve-bypasses-unit': [
    'The server was started by hand, not by the service',
    "A server from a terminal takes the terminal's variables and no others.",
    'sudo systemctl restart ollama',
  ],
  'sd-user-unit-vs-system-unit': [
    "Ollama is a user's service, not the system's",
    'What is set under /etc/systemd/system does not reach it.',
    SETUP,
  ],
  'sd-home-missing-or-unwritable': [
    "Ollama's user cannot write to its home",
    'The service ends at once and is started again and again.',
    'getent passwd ollama',
  ],
  'sd-models-dir-unreachable': [
    "Ollama's user cannot reach the models' folder",
    'One of the folders above it is closed to that user.',
    'namei -l /path/of/OLLAMA_MODELS',
  ],
  'sd-exit1-not-restarted': [
    'One failed start, and the service stays down',
    'Its unit tells systemd not to try again after such an error.',
    'sudo systemctl start ollama',
  ],
  'sd-selinux-exec-denied': [
    'SELinux does not let systemd start Ollama',
    'The program file probably has the label of a home folder.',
    'sudo restorecon -v /usr/local/bin/ollama',
  ],
  'not-enabled': [
    'Ollama will not start by itself',
    'It runs now, but nothing starts it at the next boot or login.',
    'sudo systemctl enable ollama',
  ],
  'no-linger': [
    'Ollama ends when its user logs out',
    "A user's services live from login to logout unless told to linger.",
    'loginctl enable-linger',
  ],
} as const satisfies Record<string, Brief>;

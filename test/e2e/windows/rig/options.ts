import type { ValueType } from './hive.ts';

/** The language of Windows' console programs, with the code page that goes with it. */
export const CODE_PAGES = { en: 437, de: 850, ja: 932 } as const;

export type Language = keyof typeof CODE_PAGES;

/** A variable of the registry: its text (as REG_SZ), or with its type. */
export type Variable = string | { type: ValueType; value: string };

/** What kind of Windows to play. */
export interface WindowsOptions {
  /** The user's name and profile folder; `Anna` unless told. Spaces and letters of any kind are welcome. */
  user?: string;
  /** `app`: the tray app with its server (unless told); `cli`: ollama.exe alone, as from the zip; `none`. */
  install?: 'app' | 'cli' | 'none';
  /** Where it is installed; %LOCALAPPDATA%\Programs\Ollama unless told. */
  folder?: string;
  /** Whether the link in the Startup folder is there; true unless told. */
  autostart?: boolean;
  /** Whether the installer's folder is in the user's Path; true unless told. */
  onPath?: boolean;
  /** Ollama's version; 0.33.0 unless told. */
  version?: string;
  language?: Language;
  /** Variables in HKCU\Environment and in the machine's half, before anything runs. */
  userVariables?: Record<string, Variable>;
  machineVariables?: Record<string, Variable>;
  /** The app's own switch "Expose Ollama to the network" in its db.sqlite. */
  expose?: boolean;
  switches?: Partial<Record<Switch, string | number | true>>;
}

/**
 * What a test turns on and off in the stand-ins; some take a number or a text.
 *
 * Of the app: `ignore-close` (WM_CLOSE does nothing), `slow-stop` (milliseconds), `no-window`, `no-server` (never starts
 * its server), `restart-delay` (milliseconds before each start of the server; 1000 as in the real one). Of the server:
 * `slow-server` (milliseconds before it listens), `excluded-ports` (lines `FROM TO` in which binding fails with 10013 and
 * which netsh shows), `version`. Of Windows: `elevated`, `plain-user` (no administrator at all), `network-logon` (as over
 * ssh), `session` (the name of the session, such as `Services` or `RDP-Tcp#3`), `session-number`, `setx-fails`,
 * `reg-disabled` (by policy), `code-page`.
 */
export type Switch =
  | ('ignore-close' | 'slow-stop' | 'no-window' | 'no-server' | 'restart-delay' | 'slow-server' | 'excluded-ports')
  | ('version' | 'elevated' | 'plain-user' | 'network-logon' | 'session' | 'session-number' | 'setx-fails')
  | ('reg-disabled' | 'code-page' | 'language')
  | `protected-${string}`
  | `owner-${number}`;

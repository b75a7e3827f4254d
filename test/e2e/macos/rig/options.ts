import type { RunOptions } from '../../rig/host.ts';

/** The two prefixes that Homebrew can have (macos.md 1.1). */
export type Prefix = '/opt/homebrew' | '/usr/local';

/** The two labels that Homebrew has given the service (macos.md 0.1). */
export type BrewLabel = 'homebrew.mxcl.ollama' | 'sh.brew.ollama';

/** A Homebrew on the Mac. */
export interface BrewOptions {
  /** /opt/homebrew unless told. */
  prefix?: Prefix;
  /** `6.0.22` unless told; decides about env file (from 6.0.15) and label (see `flip`). */
  version?: string;
  /** All that `brew --version` prints, for the spellings of 1.8; `Homebrew <version>` unless told. */
  versionText?: string;
  /** The first version with `sh.brew.ollama`: 6.0.22 unless told. */
  flip?: string;
  /** The installed version of the formula; `0.32.3` unless told, `null` for none. */
  formula?: string | null;
  /** What `brew upgrade ollama` installs. */
  latest?: string;
  /** Whether the formula brings environment variables of its own; true unless told (early 2025: false). */
  formulaEnvironment?: boolean;
  /** `started`: the plist is in ~/Library/LaunchAgents, and loaded when the user is logged in; `stopped` unless told. */
  service?: 'started' | 'stopped';
  /** The label of the files that are there; that of the version unless told. */
  label?: BrewLabel;
  /** Text of ~/.homebrew/services/ollama.env (0644). */
  env?: string;
}

/** Ollama.app on the Mac. */
export interface AppOptions {
  /** /Applications/Ollama.app unless told. */
  path?: string;
  /** `0.32.15` unless told. Up to 0.9.6 there is no database. */
  version?: string;
  /** The settings row; `null` when the app was never opened, so that there is no database yet. 0 unless told. */
  expose?: 0 | 1 | null;
  /** 17 unless told (3.3). */
  schema?: number;
  /** Further columns of the row, by name. */
  settings?: Record<string, string | number>;
  /** True unless told: the app runs after the set-up when somebody is logged in. */
  launched?: boolean;
  /** Whether it starts at login. True unless told, when the app was opened before. */
  loginItem?: boolean;
  /** Whether /usr/local/bin/ollama leads into the bundle. True unless told. */
  cli?: boolean;
}

/** A property list to put on the Mac before launchd starts; loaded at boot or login like any other. */
export interface PlistOptions {
  /** Absolute path, or a name below the user's ~/Library/LaunchAgents. */
  path: string;
  content: string | Buffer;
  mode?: number;
  uid?: number;
  gid?: number;
}

/** Switches for what goes wrong; all can be changed later with `mac.faults()`. */
export interface Faults {
  /** bootstrap fails with 5 so many times, or for good. */
  bootstrapFails?: number | 'always';
  /** bootout answers 36 while it works (it does end the job). */
  bootout36?: boolean;
  /** Seconds that a label with a process stays after bootout; 3 × scale unless told. */
  drainSeconds?: number;
  /** What bootstrap says to a disabled label. */
  disabledCode?: 5 | 119;
  /** What bootstrap says to a loaded label. */
  alreadyLoadedCode?: 5 | 37;
  /** What `bootout D PATH` says to a label that is not loaded. */
  bootoutPathCode?: 3 | 5;
  /** Loaded but never spawned (2.3): all labels, or these; kickstart cures. */
  neverSpawns?: boolean | string[];
  /** What `print` of a missing domain says. */
  noDomainCode?: 112 | 125;
  /** Whether ssh may act on the Aqua session of the same user, or what bootstrap and bootout say. */
  sshGui?: 'works' | 5 | 125;
  printDisabled?: 'words' | 'booleans';
  /** Labels that `list L` misses although they are loaded. */
  listMisses?: string[];
  /** Exit code of load and unload when they fail. */
  legacyExit?: 0 | 5;
  setenvRefused?: boolean;
  /** `open -a Ollama` does not find the app (its path does work). */
  openUnindexed?: boolean;
  /** What `open` says without a graphical session. */
  openError?: -10810 | -600;
  /** Seconds that osascript takes to fail without a graphical session; 0 unless told. */
  osascriptHangs?: number;
  /** osascript may not send Apple events. */
  appleEventsDenied?: boolean;
  /** Every plutil call is killed, as endpoint-security tools do. */
  plutilKilled?: boolean;
  /** lsof fails although it would find something. */
  lsofFails?: boolean;
  /** The tail columns of netstat: until macOS 15, or from macOS 26 on. */
  netstat?: 'old' | 'new';
  firewall?: 0 | 1 | 2;
  blockAll?: boolean;
  /** Wording of --getblockall. */
  blockAllWords?: 'old' | 'new';
  /** Applications that the firewall lists. */
  firewallApps?: { path: string; blocked: boolean }[];
  spotlightOff?: boolean;
}

/** What kind of Mac to make. */
export interface MacOptions {
  /** One Homebrew, or several. None unless told. */
  brew?: BrewOptions | readonly BrewOptions[];
  app?: AppOptions;
  /** Whether `me` is logged in at the console. True unless told. */
  console?: boolean;
  plists?: readonly PlistOptions[];
  /** Servers that somebody has started by hand; the set-up waits until the last one listens. */
  handRun?: readonly HandRunOptions[];
  /** Further users, with no rights to sudo. */
  users?: readonly { name: string; uid: number }[];
  /** What `me` may do with sudo; `nopasswd` unless told. `password`: with `PASSWORD`. */
  sudo?: 'nopasswd' | 'password' | false;
  /** What the times of the real thing are multiplied with: 0.1 unless told. */
  scale?: number;
  faults?: Faults;
  /** Which of login item and agents launchd starts first at login; at once unless told. */
  loginOrder?: 'app first' | 'agents first' | 'together';
  /** Programs that this Mac does not have, for instance sqlite3. */
  without?: readonly string[];
  /** `sw_vers -productVersion`: 26.5.2 unless told. */
  macos?: string;
  /** Megabytes the host may write in all (in memory). 512 unless told. */
  diskMegabytes?: number;
}

/** How somebody on the Mac runs a command. */
export interface MacRunOptions extends Pick<RunOptions, 'env' | 'input' | 'timeout' | 'cwd' | 'tty'> {
  /** `me` unless told. */
  as?: string;
  /**
   * `terminal`: from the Terminal of the graphical session. `ssh`: over ssh; with `tty` as a login shell, else as
   * `ssh host command` with the plain PATH. `sudo`: `sudo` from the Terminal; `ssh sudo`: `sudo` over ssh. `daemon`: as
   * a process that launchd started at boot. Terminal unless told, daemon for root.
   */
  via?: 'terminal' | 'ssh' | 'sudo' | 'ssh sudo' | 'daemon';
}

/** One call of an emulated program. */
export interface Call {
  program: string;
  path: string;
  args: string[];
  uid: number;
  /** The words of the process that called it. */
  parent: string[];
  /** Seconds since 1970. */
  at: number;
}

/** A server that somebody starts in a terminal and leaves running; `ollama serve` by `me` unless told. */
export interface HandRunOptions extends Pick<MacRunOptions, 'as' | 'via' | 'env'> {
  binary?: string;
  args?: readonly string[];
}

/** What the emulated launchd knows. */
export interface LaunchdState {
  domains: string[];
  loaded: Record<string, LoadedJob>;
  disabled: Record<string, Record<string, boolean>>;
  setenv: Record<string, Record<string, string>>;
}

/** A job that launchd has loaded. */
export interface LoadedJob {
  path: string | null;
  pid: number | null;
  runs: number;
  state: string;
  draining: boolean;
  waitStatus: number | null;
  arguments: string[];
  /** The variables of the copy of the plist that was made when it was loaded. */
  environment: Record<string, string>;
}

import { rmSync } from 'node:fs';
import type { WindowsFiles } from './files.ts';
import type { Switch } from './options.ts';

/** A call of a Windows program that a stand-in stands for, or of a planted one. */
export interface Call {
  /** The file that ran. */
  program: string;
  /** The command line as it was given. */
  commandLine: string;
  argv: string[];
  cwd: string;
  pid: number;
  parent: number;
  /** Milliseconds since the machine's start. */
  uptime: number;
}

/** A start of the tray app or of a server, with the whole environment it got. */
export interface Started extends Call {
  env: Record<string, string>;
}

/** A process that only tasklist and netstat tell of, such as wslrelay.exe. */
export interface Ghost {
  pid: number;
  image: string;
  /** `Console` unless told; what is in `Services` cannot be ended by a user. */
  session?: string;
  services?: string;
}

/** What a program shall answer to words that all occur among its arguments; the answer laid down last counts. */
export interface Answer {
  stdout?: string | Buffer;
  stderr?: string | Buffer;
  code?: number;
}

/** What a test and the stand-ins tell each other, all through files below C:\rig. */
export class World {
  readonly files: WindowsFiles;
  #answers = 0;

  constructor(files: WindowsFiles) {
    this.files = files;
  }

  /** Turns a switch on. */
  set(name: Switch, value: string | number | true = true): void {
    this.files.write(`C:\\rig\\switches\\${name}`, String(value));
  }

  /** Turns a switch off. */
  unset(name: Switch): void {
    this.files.remove(`C:\\rig\\switches\\${name}`);
  }

  /** Records an answer of a program (`netsh`, `sc`, `powershell`, any stand-in). */
  answer(tool: string, words: readonly string[], answer: Answer): void {
    const place = `C:\\rig\\answers\\${tool.toLowerCase()}.${this.#answers++}`;
    if (this.#answers > 32) throw new Error('the stand-ins look at 32 answers only');
    this.files.write(`${place}.out`, answer.stdout ?? '');
    this.files.write(`${place}.err`, answer.stderr ?? '');
    this.files.write(`${place}.code`, String(answer.code ?? 0));
    this.files.write(`${place}.when`, `${words.join('\n')}\n`);
  }

  /** Adds processes that are not there. */
  ghosts(...ghosts: Ghost[]): void {
    const lines = ghosts.map(({ pid, image, session = 'Console', services = '' }) =>
      [pid, image, session, session === 'Services' ? 0 : 1, services].join('\t'),
    );
    this.#append('processes.txt', lines);
  }

  /** Adds rows to netstat: `TCP 127.0.0.1:11434 0.0.0.0:0 LISTENING 5120`, `UDP [::]:5353 *:* 1200`. */
  netstatRows(...rows: string[]): void {
    this.#append('netstat.txt', rows);
  }

  /** Puts a program of that name into a folder; whoever runs it is seen in `calls`. It answers as `answer` tells. */
  plant(file: string): void {
    this.files.write(file, this.files.readBytes('C:\\rig\\bin\\recorded.exe'));
  }

  /** All calls so far of programs that stand-ins stand for (not of ollama.exe serve and the app: see `starts`). */
  calls(name?: string): Call[] {
    const all = this.#lines('calls.log') as Call[];
    return name === undefined ? all : all.filter((call) => baseName(call.program) === name.toLowerCase());
  }

  forgetCalls(): void {
    this.files.remove('C:\\rig\\calls.log');
  }

  /** All starts so far of `ollama app.exe` and `ollama.exe serve`, whether they lasted or not. */
  starts(image?: 'ollama app.exe' | 'ollama.exe'): Started[] {
    const all = this.#lines('starts.log') as Started[];
    return image === undefined ? all : all.filter((each) => baseName(each.program) === image);
  }

  /** The Windows process ids of the tray apps and servers that run and listen, from the files they hold open. */
  alive(): number[] {
    const names = this.files.list('C:\\rig\\live').filter((name) => /^\d+\.txt$/.test(name));
    return names.map((name) => Number.parseInt(name, 10));
  }

  /** What a machine forgets when it is shut down. */
  forgetRunning(): void {
    for (const name of this.files.list('C:\\rig\\live')) rmSync(this.files.outsidePath(`C:\\rig\\live\\${name}`));
  }

  #append(file: string, lines: readonly string[]): void {
    const place = `C:\\rig\\${file}`;
    const before = this.files.exists(place) ? this.files.read(place) : '';
    this.files.write(place, `${before}${lines.join('\n')}\n`);
  }

  #lines(file: string): unknown[] {
    const place = `C:\\rig\\${file}`;
    if (!this.files.exists(place)) return [];
    const lines = this.files.read(place).split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as unknown);
  }
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf('\\') + 1).toLowerCase();
}

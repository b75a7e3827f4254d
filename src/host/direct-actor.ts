// `fs.promises` is loaded at its first use, which a run with nothing to do does not come to.
import fs from 'node:fs';
import { FileError } from '../errors.ts';
import { realFiles, toFileStat } from './files.ts';
import type { Actor, FileStat, Ownership, RunOptions, RunResult } from './host.ts';
import { run } from './run.ts';

const WINDOWS = process.platform === 'win32';

/** On Windows whoever looks at a file, such as a virus scanner, keeps it from being replaced for a moment. */
async function rename(from: string, to: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await fs.promises.rename(from, to);
    } catch (error) {
      const busy = ['EPERM', 'EACCES', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!WINDOWS || !busy || tries >= 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Runs a change; whatever the system answers becomes a FileError with its name (ENOSPC, EROFS, …). */
async function changing<T>(path: string, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    throw new FileError((error as NodeJS.ErrnoException).code ?? 'EIO', path, (error as Error).message);
  }
}

/** Flushes a folder, so that a rename in it survives a power loss (fsync(2)). */
async function flushFolder(path: string): Promise<void> {
  if (WINDOWS) return; // a folder cannot be opened there, and NTFS keeps its own journal of names
  const handle = await fs.promises.open(path.slice(0, path.lastIndexOf('/')) || '/', 'r');
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** The hands of this process itself: system calls, no helper programs. */
export class DirectActor implements Actor {
  readonly identity = 'self' as const;

  run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run(argv, options);
  }

  async bytes(path: string): Promise<Buffer | undefined> {
    return realFiles.bytes(path);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    return realFiles.stat(path);
  }

  stage(temporary: string, bytes: Buffer, ownership: Ownership): Promise<void> {
    return changing(temporary, async () => {
      await fs.promises.rm(temporary, { force: true });
      // `wx` never opens what is there, so a link planted under this name is not followed.
      const handle = await fs.promises.open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(bytes);
        const made = toFileStat(await handle.stat());
        if (made.uid !== ownership.uid || made.gid !== ownership.gid) await handle.chown(ownership.uid, ownership.gid);
        await handle.chmod(ownership.mode);
        await handle.sync();
      } catch (error) {
        await fs.promises.rm(temporary, { force: true });
        throw error;
      } finally {
        await handle.close();
      }
    });
  }

  commit(temporary: string, path: string): Promise<void> {
    return changing(path, async () => {
      await rename(temporary, path);
      await flushFolder(path);
    });
  }

  append(path: string, text: string): Promise<void> {
    return changing(path, () => fs.promises.appendFile(path, text));
  }

  remove(path: string): Promise<void> {
    return changing(path, async () => {
      await fs.promises.unlink(path).catch((error: NodeJS.ErrnoException) => {
        // A read-only file system says so before it looks whether there is anything.
        if (realFiles.stat(path)) throw error;
      });
    });
  }

  makeDirectory(path: string, ownership: Ownership): Promise<void> {
    return changing(path, async () => {
      await fs.promises.mkdir(path, { mode: ownership.mode });
      const made = toFileStat(await fs.promises.lstat(path));
      if (made.uid !== ownership.uid || made.gid !== ownership.gid)
        await fs.promises.lchown(path, ownership.uid, ownership.gid);
      await fs.promises.chmod(path, ownership.mode);
    });
  }

  removeDirectory(path: string): Promise<boolean> {
    return changing(path, async () => {
      const error = await fs.promises.rmdir(path).then(
        () => undefined,
        (reason: NodeJS.ErrnoException) => reason.code,
      );
      if (error === undefined || !realFiles.stat(path)) return true;
      if (error === 'ENOTEMPTY' || error === 'EEXIST') return false;
      throw Object.assign(new Error(`rmdir ${path}: ${error}`), { code: error });
    });
  }
}

import { FileError } from '../errors.ts';
import { realFiles } from './files.ts';
import type { Actor, FileStat, Ownership, RunOptions, RunResult } from './host.ts';
import { run } from './run.ts';

/** Runs a change; whatever the system answers becomes a FileError with its name (ENOSPC, EROFS, …). */
async function changing<T>(path: string, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    throw new FileError((error as NodeJS.ErrnoException).code ?? 'EIO', path, (error as Error).message);
  }
}

/** fs-extra (graceful-fs below it) is loaded when something is written, not before. */
async function writer() {
  return (await import('fs-extra')).default;
}

/** Flushes a folder, so that a rename in it survives a power loss (fsync(2)). */
async function flushFolder(path: string): Promise<void> {
  const fs = await writer();
  const handle = await fs.open(path.slice(0, path.lastIndexOf('/')) || '/', 'r');
  await fs.fsync(handle).catch(() => undefined);
  await fs.close(handle);
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
      const fs = await writer();
      await fs.remove(temporary);
      // `wx` never opens what is there, so a link planted under this name is not followed.
      const handle = await fs.open(temporary, 'wx', 0o600);
      try {
        await fs.write(handle, bytes, 0, bytes.length, 0);
        const made = await fs.fstat(handle);
        if (made.uid !== ownership.uid || made.gid !== ownership.gid) {
          await fs.fchown(handle, ownership.uid, ownership.gid);
        }
        await fs.fchmod(handle, ownership.mode);
        await fs.fsync(handle);
      } catch (error) {
        await fs.remove(temporary);
        throw error;
      } finally {
        await fs.close(handle);
      }
    });
  }

  commit(temporary: string, path: string): Promise<void> {
    return changing(path, async () => {
      await (await writer()).rename(temporary, path);
      await flushFolder(path);
    });
  }

  append(path: string, text: string): Promise<void> {
    return changing(path, async () => (await writer()).appendFile(path, text));
  }

  remove(path: string): Promise<void> {
    return changing(path, async () => {
      const fs = await writer();
      await fs.unlink(path).catch((error: NodeJS.ErrnoException) => {
        // A read-only file system says so before it looks whether there is anything.
        if (realFiles.stat(path)) throw error;
      });
    });
  }

  makeDirectory(path: string, ownership: Ownership): Promise<void> {
    return changing(path, async () => {
      const fs = await writer();
      await fs.mkdir(path, { mode: ownership.mode });
      const made = await fs.lstat(path);
      if (made.uid !== ownership.uid || made.gid !== ownership.gid) await fs.lchown(path, ownership.uid, ownership.gid);
      await fs.chmod(path, ownership.mode);
    });
  }

  removeDirectory(path: string): Promise<boolean> {
    return changing(path, async () => {
      const fs = await writer();
      const error = await fs.rmdir(path).then(
        () => undefined,
        (reason: NodeJS.ErrnoException) => reason.code,
      );
      if (error === undefined || !realFiles.stat(path)) return true;
      if (error === 'ENOTEMPTY' || error === 'EEXIST') return false;
      throw Object.assign(new Error(`rmdir ${path}: ${error}`), { code: error });
    });
  }
}

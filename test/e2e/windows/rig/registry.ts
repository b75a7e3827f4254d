import type { RegistryValue, ValueType } from './hive.ts';
import type { Wine } from './wine.ts';

/** Where Windows keeps the variables of a user and those of the machine. */
export const USER_ENVIRONMENT = 'HKCU\\Environment';
export const MACHINE_ENVIRONMENT = 'HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment';

const TOOL = 'C:\\rig\\bin\\registry.exe';

/** The registry of a machine, with types and in any script. Keys begin with HKCU or HKLM. Nothing of this is in `calls`. */
export class Registry {
  readonly #wine: Wine;

  constructor(wine: Wine) {
    this.#wine = wine;
  }

  /** All values of a key, by their names; none when there is no such key. */
  async values(key: string): Promise<Record<string, RegistryValue>> {
    const { stdout } = await this.#wine.raw([TOOL, 'list', key]);
    const rows = stdout.split('\x1e').filter((row) => row.includes('\x1f'));
    return Object.fromEntries(
      rows.map((row) => {
        const [name, type, value] = row.split('\x1f');
        return [name!, { type: type as RegistryValue['type'], value: value!.replaceAll('\r\n', '\n') }];
      }),
    );
  }

  /** One value, or undefined. Capitals of its name do not matter. */
  async get(key: string, name: string): Promise<RegistryValue | undefined> {
    const values = Object.entries(await this.values(key));
    return values.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
  }

  /** Writes a value, as REG_SZ unless told. Nobody is notified. */
  async set(key: string, name: string, value: string, type: ValueType = 'REG_SZ'): Promise<void> {
    await this.#must('set', key, name, type, value);
  }

  /** Removes a value, or without a name the whole key. */
  async delete(key: string, name?: string): Promise<void> {
    await this.#must('delete', key, ...(name === undefined ? [] : [name]));
  }

  /** A user's variable, such as OLLAMA_HOST. */
  user(name: string): Promise<RegistryValue | undefined> {
    return this.get(USER_ENVIRONMENT, name);
  }

  /** A variable of the machine. */
  machine(name: string): Promise<RegistryValue | undefined> {
    return this.get(MACHINE_ENVIRONMENT, name);
  }

  async #must(...words: string[]): Promise<void> {
    const { code, stderr } = await this.#wine.raw([TOOL, ...words]);
    if (code !== 0) throw new Error(`registry ${words.join(' ')}: exit code ${code} ${stderr}`);
  }
}

/** Names of units: systemd.unit(5), systemd's src/basic/unit-name.c. */

/** Whether systemd takes the name for a service: at most 255 of its characters, one @ at most. */
export function isServiceName(name: string): boolean {
  return name.length <= 255 && /^[A-Za-z0-9:_.\\-]+(?:@[A-Za-z0-9:_.\\@-]*)?\.service$/.test(name);
}

export interface UnitName {
  prefix: string;
  /** undefined for plain names, empty for templates. */
  instance: string | undefined;
}

export function parseName(unit: string): UnitName {
  const name = unit.replace(/\.service$/, '');
  const at = name.indexOf('@');
  return at < 0 ? { prefix: name, instance: undefined } : { prefix: name.slice(0, at), instance: name.slice(at + 1) };
}

export function buildName({ prefix, instance }: UnitName): string {
  return instance === undefined ? `${prefix}.service` : `${prefix}@${instance}.service`;
}

/** `foo@.service` for `foo@bar.service`, undefined for names that are no instance. */
export function templateOf(unit: string): string | undefined {
  const { prefix, instance } = parseName(unit);
  return instance ? buildName({ prefix, instance: '' }) : undefined;
}

/** `foo@bar.service` for `foo@.service`; other names stay as they are. */
export function instantiate(unit: string, instance: string | undefined): string {
  const { prefix, instance: own } = parseName(unit);
  return own === '' && instance ? buildName({ prefix, instance }) : unit;
}

/** The drop-in folders of a name in one unit directory, strongest first: unit_file_find_dirs(), src/shared/dropin.c. */
export function dropInFolders(unit: string): string[] {
  const folders = [`${unit}.d`];
  const { prefix, instance } = parseName(unit);
  const template = templateOf(unit);
  if (template) folders.push(...dropInFolders(template));
  const shorter = shorten(prefix);
  // A template has no instance to hand on, so its shorter names are plain: foo-.service.d, not foo-@.service.d.
  if (shorter) folders.push(...dropInFolders(buildName({ prefix: shorter, instance: instance || undefined })));
  return [...new Set(folders)];
}

/** `foo-bar-` for `foo-bar-waldo`, `foo-` for `foo-bar-`, nothing for `foo-`. */
function shorten(prefix: string): string | undefined {
  const chopped = prefix.replace(/-$/, '');
  const dash = chopped.lastIndexOf('-');
  return dash > 0 ? chopped.slice(0, dash + 1) : undefined;
}

/** Sorted as strcmp() does: conf_files_list_strv() in systemd's src/basic/conf-files.c. */
export function inByteOrder(names: string[]): string[] {
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Whether a text of the state folder is a receipt as `Store` writes it: enough of one to act on. */
export function isReceipt(value: unknown): boolean {
  const { receiptVersion, target, wanted, before, entries, deactivate } = record(value);
  const ours = (entry: unknown) => isChange(record(entry).change) && Array.isArray(record(entry).ours);
  return (
    receiptVersion === 1 &&
    [target, wanted].every(isText) &&
    before !== undefined &&
    isList(entries, ours) &&
    isList(deactivate, isAct)
  );
}

/** The same for the journal of a run. */
export function isJournal(value: unknown): boolean {
  const { journalVersion, run, operation, plan, before, wanted } = record(value);
  const { target, changes, activate, deactivate } = record(plan);
  const texts = [run, operation, wanted, target].every(isText);
  const lists = isList(changes, isChange) && isList(activate, isAct) && isList(deactivate, isAct);
  return journalVersion === 1 && texts && lists && before !== undefined;
}

function isChange(value: unknown): boolean {
  if (record(value).type === 'registry') return isRegistryChange(record(value));
  return record(value).type === 'value' ? isValueChange(record(value)) : isFileChange(record(value));
}

function isValueChange({ id, subject, from, to, read, set, unset }: Record<string, unknown>): boolean {
  const commands = [read, set, unset].every((words) => isList(words, isText));
  return [id, subject].every(isText) && [from, to].every((side) => side === null || isText(side)) && commands;
}

function isRegistryChange({ id, subject, key, name, from, to }: Record<string, unknown>): boolean {
  const isSide = (side: unknown) => side === null || [record(side).kind, record(side).data].every(isText);
  return [id, subject, key, name].every(isText) && [from, to].every(isSide);
}

function isFileChange({ id, path, folders, lines, from, to }: Record<string, unknown>): boolean {
  return (
    [id, path].every(isText) &&
    isList(folders, (f) => isText(record(f).path)) &&
    isList(lines) &&
    [from, to].every(isState)
  );
}

function isState(value: unknown): boolean {
  const { content, mode, uid, gid } = record(value);
  return value === null || (isText(content) && [mode, uid, gid].every(Number.isInteger));
}

function isAct(value: unknown): boolean {
  return isText(record(value).type) && isText(record(value).id);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isList(value: unknown, each: (entry: unknown) => boolean = () => true): boolean {
  return Array.isArray(value) && value.every(each);
}

function record(value: unknown): Record<string, unknown> {
  return isObject(value) ? (value as Record<string, unknown>) : {};
}

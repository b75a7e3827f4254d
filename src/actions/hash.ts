/**
 * The SHA-256 of some bytes, in hex. Node's crypto takes milliseconds to load and many runs never need it, so it is
 * fetched at the first call (process.getBuiltinModule, Node 20.16).
 */
export function sha256(bytes: Buffer | string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(bytes).digest('hex');
}

// Makes Node believe that it runs on a Mac: `process.platform` says so, and what only Linux has is not there. Processes
// are started as ever; what they find is the business of the emulated programs.
import { readFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const require = createRequire(import.meta.url);
const fs = require('node:fs');
const os = require('node:os');

const HIDDEN = ['/proc', '/sys', '/run', '/etc/os-release', '/usr/lib/os-release', '/etc/debian_version'].concat(
  ['/etc/systemd', '/usr/lib/systemd', '/lib/systemd', '/etc/init.d', '/etc/machine-id', '/.dockerenv'],
  ['/usr/local/libexec/mac', '/usr/local/libexec/debian', '/usr/share/ollama', '/snap', '/etc/default'],
);
// A place where nothing is and nobody, not even root, can make anything: every function fails there with ENOENT.
const NOWHERE = '/proc/nowhere';
const config = JSON.parse(readFileSync('/var/db/mac/config.json', 'utf8'));

function text(value) {
  if (value instanceof URL && value.protocol === 'file:') return decodeURIComponent(value.pathname);
  return Buffer.isBuffer(value) ? value.toString() : value;
}

function hidden(value) {
  const path = text(value);
  if (typeof path !== 'string') return undefined;
  const plain = path.replace(/\/{2,}/g, '/');
  return HIDDEN.some((each) => plain === each || plain.startsWith(`${each}/`)) ? path : undefined;
}

// The error names the path that was asked for.
function repaired(error, path) {
  if (error && typeof error === 'object' && String(error.path ?? '').startsWith(NOWHERE)) {
    error.message = `ENOENT: no such file or directory, ${error.syscall} '${path}'`;
    Object.assign(error, { code: 'ENOENT', errno: -2, path });
  }
  return error;
}

function wrapped(original, promised) {
  const wrapper = function (...args) {
    const path = hidden(args[0]) ?? hidden(args[1]);
    if (path === undefined) return original.apply(this, args);
    const moved = args.map((each, index) => (index < 2 && hidden(each) !== undefined ? NOWHERE + text(each) : each));
    const last = moved.length - 1;
    if (typeof moved[last] === 'function' && !promised) {
      const done = moved[last];
      moved[last] = (error, ...rest) => done(repaired(error, path), ...rest);
    }
    try {
      const result = original.apply(this, moved);
      return promised && typeof result?.then === 'function'
        ? result.catch((error) => Promise.reject(repaired(error, path)))
        : result;
    } catch (error) {
      throw repaired(error, path);
    }
  };
  return Object.assign(wrapper, original);
}

function patch(module, promised) {
  for (const [name, value] of Object.entries(module)) {
    const isClass = /^[A-Z]/.test(name) || name === '_toUnixTimestamp';
    if (typeof value === 'function' && !isClass) module[name] = wrapped(value, promised);
  }
}

const { native } = fs.realpath;
const { native: nativeSync } = fs.realpathSync;
patch(fs.promises, true);
patch(fs, false);
fs.realpath.native = wrapped(native, false);
fs.realpathSync.native = wrapped(nativeSync, false);

Object.defineProperty(process, 'platform', { value: 'darwin' });
Object.defineProperty(process, 'arch', { value: config.arch === 'arm64' ? 'arm64' : 'x64' });
// Whoever starts Node again by its own path gets the same Node.
process.execPath = '/usr/local/bin/node';
process.execArgv = [];
os.platform = () => 'darwin';
os.type = () => 'Darwin';
os.release = () => '25.5.0';
os.arch = () => process.arch;
os.machine = () => (process.arch === 'arm64' ? 'arm64' : 'x86_64');
os.version = () => 'Darwin Kernel Version 25.5.0: root:xnu-12377.121.6~2/RELEASE_ARM64_T6000';
const interfaces = os.networkInterfaces;
os.networkInterfaces = () =>
  Object.fromEntries(
    Object.entries(interfaces()).map(([name, value]) => [
      name.replace(/^lo$/, 'lo0').replace(/^(?:eth|host)/, 'en'),
      value,
    ]),
  );
syncBuiltinESMExports();

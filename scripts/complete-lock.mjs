// Completes package-lock.json with the optional packages of other platforms, after `npm install` on a registry mirror
// that does not serve them all: npm then leaves them out of the lock file, and `npm ci` refuses a lock that lacks them.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const [where, { optionalDependencies = {} }] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const [nested, top] = [`${where}/node_modules/${name}`, `node_modules/${name}`];
    if (lock.packages[nested] || lock.packages[top]?.version === version || !/^\d/.test(version)) continue;
    lock.packages[lock.packages[top] ? nested : top] = { version, ...platformOf(name), dev: true, optional: true };
  }
}
const { '': root, ...rest } = lock.packages;
const sorted = Object.entries(rest).sort(([a], [b]) => a.localeCompare(b, 'en'));
writeFileSync(
  'package-lock.json',
  `${JSON.stringify({ ...lock, packages: { '': root, ...Object.fromEntries(sorted) } }, null, 2)}\n`,
);

/** Such packages carry their platform in their names: @esbuild/linux-arm64, @rollup/rollup-linux-x64-musl. */
function platformOf(name) {
  const words = name.split('/').pop().split('-');
  const os = OS.find((word) => words.includes(word)) ?? (name.includes('linux') ? 'linux' : undefined);
  const cpu = CPU.find((word) => words.includes(word));
  const libc = /musl$/.test(name) ? 'musl' : os === 'linux' && /-gnu$/.test(name) ? 'glibc' : undefined;
  return { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }), ...(libc && { libc: [libc] }) };
}

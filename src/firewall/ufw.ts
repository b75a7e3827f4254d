import type { ValueChange } from '../actions/value.ts';
import { interfacesOf, MARK, type NoOpening, type Opening, type OpeningRequest } from './opening.ts';
import { programPath } from './programs.ts';

const RULES = '/etc/ufw/user.rules';

/** Rules of ufw for every bridge of Docker; `br-+` is ufw's (iptables') way to mean those that come later too. */
export function openUfw({ host, port, blocked }: OpeningRequest): Opening | NoOpening {
  const ufw = programPath(host, 'ufw');
  if (!ufw || host.files.stat(RULES) === undefined) {
    const meaning = `ufw keeps its rules elsewhere than in ${RULES}, so they are left alone.`;
    const remedy = interfacesOf(blocked).map((name) => `sudo ufw ${ruleWords(name, port).join(' ')}`);
    return { firewall: 'ufw', changes: [], meaning, remedy: remedy.join('\n') };
  }
  // A rule of the administrator's that says no stands before any that is added behind it.
  const first = blocked.some(({ by }) => /^ufw6?-user-/.test(by.chain));
  const changes = interfacesOf(blocked).map((name) => ufwRule(ufw, name, port, first));
  return { firewall: 'ufw', changes, lasting: true };
}

function ufwRule(ufw: string, name: string, port: number, first: boolean): ValueChange {
  const rule = ruleWords(name, port);
  return {
    type: 'value',
    id: `ufw-allow-${name.replace(/\W+$/, '')}`,
    title: `Let containers on ${name.replace('+', '…')} through ufw to port ${port}`,
    subject: `ufw rule for ${name} to port ${port}`,
    identity: 'root',
    from: null,
    to: tuple(name, port),
    read: [
      'sed',
      '-n',
      `s/^### tuple ### \\(${literally(tuple(name, port))}\\)\\( comment=.*\\)\\{0,1\\}$/\\1/p`,
      RULES,
    ],
    set: [ufw, ...(first ? ['prepend'] : []), ...rule, 'comment', MARK],
    unset: [ufw, 'delete', ...rule],
    place: RULES,
  };
}

function ruleWords(name: string, port: number): string[] {
  return ['allow', 'in', 'on', name, 'to', 'any', 'port', String(port), 'proto', 'tcp'];
}

/** How ufw writes the rule into user.rules (ufw 0.36, src/backend_iptables.py); the one for IPv6 comes and goes with it. */
function tuple(name: string, port: number): string {
  return `allow tcp ${port} 0.0.0.0/0 any 0.0.0.0/0 in_${name}`;
}

function literally(text: string): string {
  return text.replace(/[.[\]*^$\\/]/g, '\\$&');
}

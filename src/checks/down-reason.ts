import type { Host } from '../host/host.ts';
import { parseIp, printIp } from '../ollama/go-net.ts';
import { parseHost, scopeOf } from '../ollama/host-value.ts';
import { hasAddress } from '../probes/addresses.ts';
import type { Installation } from '../rooms/room.ts';
import type { Reason } from './reason.ts';
import { asBound, badValue, oneAddress } from './value-reason.ts';

/** What a refusal says of a server that is down: these are the reason that it is. */
const REFUSED = new Set(['unit-masked', 'environment-file-missing']);

/** Why nothing listens, as far as the value and the log say it; nothing is concluded from what they do not say. */
export function downReason(host: Host, installation: Installation, log: string): Reason | undefined {
  const { value, refusal, state } = installation;
  if (refusal && REFUSED.has(refusal.code)) {
    return { cause: refusal.code, why: refusal.message.replace(/\.$/, ''), remedy: refusal.remedy };
  }
  if (state.phase !== 'failed' && state.phase !== 'restarting') return undefined;
  return value === undefined
    ? undefined
    : (badValue(value) ?? unknownName(value, log) ?? absentAddress(host, value, log));
}

/** A name that Go's resolver does not find, in its own words. */
function unknownName(value: string, log: string): Reason | undefined {
  const { host } = parseHost(value);
  if (scopeOf(parseHost(value)) !== 'name' || !log.includes(`lookup ${host}`)) return undefined;
  const why = `OLLAMA_HOST is ${value}, and ${host} is no name that this machine knows`;
  return { cause: 'value-is-a-path-or-junk', why, evidence: log };
}

/** net.Listen's EADDRNOTAVAIL (bind(2)); an address that has come since was only late. */
function absentAddress(host: Host, value: string, log: string): Reason | undefined {
  const address = oneAddress(value);
  if (address === undefined) return undefined;
  const here = hasAddress(host, address) || host.interfaces().some((one) => spelled(one.address) === address);
  const told = log.includes(`listen tcp ${asBound(value)}: bind: cannot assign requested address`);
  if (!here) {
    const why = `OLLAMA_HOST is ${value}, and this machine has no such address`;
    return { cause: 'bind-address-not-on-this-machine', why, ...(log && { evidence: log }) };
  }
  if (!told) return undefined;
  const why = `OLLAMA_HOST is ${value}, an address that this machine has now and had not when Ollama started`;
  return { cause: 'bind-bridge-ip-race-at-boot', why, evidence: log };
}

function spelled(address: string): string | undefined {
  const ip = parseIp(address.replace(/%.*/, ''));
  return ip && printIp(ip);
}

import { type Before, prepared } from './fault-helpers.ts';
import type { TestHost } from './rig/host.ts';

/** A host as somebody has it at home, with Ollama: a wire to the local network, and Docker's bridge. */
export async function atHome(host: TestHost): Promise<Before> {
  const addresses = { lan0: '192.168.1.20/24', docker0: '172.17.0.1/16' };
  for (const [name, address] of Object.entries(addresses)) {
    const end = `${name}-end`;
    await host.must(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', end]);
    await host.must(['ip', 'address', 'add', address, 'dev', name]);
    // An address that is made of a random number would be another one each time.
    for (const one of [name, end]) await host.must(['ip', 'link', 'set', one, 'addrgenmode', 'none', 'up']);
  }
  return prepared(host, { extraUnitLines: ['Environment=OLLAMA_KEEP_ALIVE=5m'] });
}

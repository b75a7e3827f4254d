import { readFileSync } from 'node:fs';
import { applyChange, type Change, inspectChange, invertChange } from '../../../src/actions/change.ts';
import { perform } from '../../../src/actions/index.ts';
import { type FilterRequest, planFilter } from '../../../src/firewall/allow.ts';
import { judge, type Way } from '../../../src/firewall/judge.ts';
import { planOpenings } from '../../../src/firewall/open.ts';
import type { Blocked } from '../../../src/firewall/opening.ts';
import { readFirewalls } from '../../../src/firewall/read.ts';
import { RealHost } from '../../../src/host/real.ts';

/** The library's verbs as a program of a host: one verb, one JSON text on standard input, one on standard output. */
const host = new RealHost();
const root = host.user.uid === 0 ? host.as('root') : undefined;
const [verb] = process.argv.slice(2);
const input = JSON.parse(readFileSync(0, 'utf8'));

async function answer(): Promise<unknown> {
  switch (verb) {
    case 'judge': {
      const { ruleset: _, ...firewalls } = await readFirewalls(host, root);
      return { ...firewalls, verdicts: (input as Way[]).map((way) => judge({ ...firewalls, ruleset: _ }, way)) };
    }
    case 'plan':
      return planOpenings(host, root!, 11434, input as Blocked[]);
    case 'inspect':
      return Promise.all((input as Change[]).map((change) => inspectChange(host, change)));
    case 'apply':
      for (const change of input as Change[]) await applyChange(host, change, 'e2e');
      return null;
    case 'invert':
      for (const change of (input as Change[]).reverse()) await applyChange(host, invertChange(change), 'e2e');
      return null;
    case 'filter':
      return planFilter(host, input as FilterRequest);
    case 'perform':
      await perform(host, input);
      return null;
    default:
      throw new Error(`no verb ${verb}`);
  }
}

answer()
  .then((value) => process.stdout.write(JSON.stringify(value ?? null)))
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });

import { readFileSync } from 'node:fs';
import os from 'node:os';
import { runStandIn } from './stand-in.ts';

// The demo's server, as a program of its own: `node dist/stand-in.js serve <folder>`. Its environment comes from the
// unit files in that folder by way of the demo; its models from the folder itself.
const [command = '', folder = '.'] = process.argv.slice(2);
const models = JSON.parse(readFileSync(`${folder}/models.json`, 'utf8')) as { name: string; size?: number }[];
const addresses = Object.values(os.networkInterfaces()).flatMap((own) => (own ?? []).map(({ address }) => address));
const machine = { hostname: os.hostname(), addresses };
void runStandIn([command], process.env, { models, machine }).then((exit) => {
  process.exitCode = exit;
});

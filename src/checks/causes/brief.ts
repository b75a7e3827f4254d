/**
 * What `doctor` says of a cause without further ado: a headline of at most 70 characters without a full stop, a sentence
 * on what is going on for somebody who knows neither systemd nor launchd, and the first thing to do about it, a command
 * or a step. A tuple, since the names of fields would be a tenth of all that is shipped.
 */
export type Brief = readonly [title: string, means: string, mend: string];

export const SETUP = 'npx stigmer-setup-ollama';
export const SET_HOST = `${SETUP} --host 0.0.0.0:11434`;
export const IF_NEEDED = `${SETUP} --if-needed`;
export const OPEN_FIREWALL = `${SETUP} --open-firewall`;
export const ALLOW_CONTAINERS = `${SETUP} --allow containers`;
export const DOCTOR = `${SETUP} doctor`;

/** What most programs call their address of Ollama; a container of Docker reaches its host by this name. */
export const BASE_URL = 'OLLAMA_BASE_URL=http://host.docker.internal:11434';

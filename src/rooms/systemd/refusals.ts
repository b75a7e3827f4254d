import type { Host } from '../../host/host.ts';
import type { Refusal } from '../room.ts';
import type { Unit } from './unit.ts';

/** Why a unit cannot be changed by writing a drop-in, if so. */
export function refusalOf(host: Host, unit: Unit): Refusal | undefined {
  const { files, shown, name } = unit;
  const systemctl = unit.manager.kind === 'systemd' ? 'sudo systemctl' : 'systemctl --user';
  const load = shown?.get('LoadState');
  if (files.fragment && isNixOS(host, files.fragment)) return nixos(name);
  if (load === 'masked' || files.masked) {
    return {
      code: 'unit-masked',
      exit: 4,
      message: `${name} is masked: somebody has forbidden systemd to start it.`,
      meaning: 'A setting would have no effect, so nothing was changed.',
      remedy: `${systemctl} unmask ${name}`,
    };
  }
  if (unit.environment.execStart.some((command) => /^\S*\/?(docker|podman|nerdctl)\s/.test(command)))
    return inContainer(name);
  if (unit.manager.live && shown === undefined) {
    return {
      code: 'manager-not-answering',
      exit: 4,
      message: `The service manager of ${unit.manager.user.name} does not answer, so ${name} cannot be restarted.`,
      meaning: 'Nothing was changed.',
      remedy: `${systemctl} status ${name}`,
    };
  }
  const missing = unit.environment.environmentFiles.find(({ optional, exists }) => !optional && !exists);
  if (missing) {
    return {
      code: 'environment-file-missing',
      exit: 4,
      message: `${name} cannot be started: its EnvironmentFile ${missing.path} is not there.`,
      meaning: 'A restart would only end what runs now, so nothing was changed.',
      remedy: `sudo touch ${missing.path}   # or let it be missing: EnvironmentFile=-${missing.path}`,
    };
  }
  if (load === 'bad-setting' || load === 'error') {
    return {
      code: 'unit-broken',
      exit: 4,
      message: `systemd cannot load ${name}: ${shown?.get('LoadError')?.trim() || load}.`,
      meaning: 'It has to be mended before Ollama can be started at all, with or without this setting.',
      remedy: `systemctl status ${name}`,
    };
  }
  return undefined;
}

/** NixOS builds /etc from its configuration: units are links into the read-only store, and /etc/NIXOS marks the system. */
function isNixOS(host: Host, fragment: string): boolean {
  return (
    host.files.stat('/etc/NIXOS') !== undefined || (host.files.real(fragment) ?? fragment).startsWith('/nix/store/')
  );
}

/** The option names are those of nixos/modules/services/misc/ollama.nix in NixOS/nixpkgs. */
function nixos(name: string): Refusal {
  return {
    code: 'nixos-module-host-option',
    exit: 4,
    message: `${name} is declared in the NixOS configuration.`,
    meaning:
      'NixOS builds the unit and its environment itself, and a file written beside it would be gone with the next rebuild.',
    remedy: 'services.ollama.host = "0.0.0.0";   # in /etc/nixos/configuration.nix, then: sudo nixos-rebuild switch',
  };
}

function inContainer(name: string): Refusal {
  return {
    code: 'ollama-in-container',
    exit: 4,
    message: `${name} runs Ollama inside a container.`,
    meaning: 'Who can reach it is decided by the port that the container publishes, not by OLLAMA_HOST on this host.',
    remedy: `publish the port on all interfaces in ${name}: -p 11434:11434 instead of -p 127.0.0.1:11434:11434`,
  };
}

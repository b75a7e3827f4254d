"""`brew services`: start, stop, restart and run, command by command (macos.md 1.3, 1.5, 1.7)."""
import os
import sys
import time

from maclib import brew_plist, config
from maclib.brew_probe import Probe, launchctl

NOT_FOUND = (3, 125)


class Failed(Exception):
    """Homebrew says `Error: …` and ends with 1."""


def say(text):
    sys.stdout.write(text + '\n')
    sys.stdout.flush()


def warn(text):
    sys.stderr.write('Warning: %s\n' % text)


class Services:
    def __init__(self, world, options):
        self.world = world
        self.options = options
        self.probe = Probe(world)

    def start(self):
        world, probe = self.world, self.probe
        if probe.pid and probe.label == world.label:
            say('Service `ollama` already started, use `brew services restart ollama` to restart.')
            return
        stale = [label for label in probe.loaded_labels if label != world.label]
        if stale:
            say('Service `ollama` is already loaded as `%s`; a service label migration is pending. '
                'Use `brew services restart ollama` to migrate to `%s`.' % (stale[0], world.label))
            return
        self.take_ownership()
        self.install_file()
        target = '%s/%s' % (probe.domain_target, world.label)
        launchctl('enable', target)
        self.bootstrap(world.destination)
        say('==> Successfully started `ollama` (label: %s)' % world.label)

    def run(self):
        if self.probe.pid:
            say('Service `ollama` already running, use `brew services restart ollama` to restart.')
            return
        self.bootstrap(self.world.keg_plist)
        say('==> Successfully ran `ollama` (label: %s)' % self.world.label)

    def restart(self):
        registered = any(os.path.exists(path) for path in self.world.destinations)
        was_loaded = self.probe.loaded
        if was_loaded:
            self.stop(max_wait=None)
            self.probe.refresh()
        # Loaded without a file of its own: it was `run`, and is run again (1.3).
        if was_loaded and not registered:
            self.run()
        else:
            self.start()

    def stop(self, max_wait=60.0):
        world, probe = self.world, self.probe
        if not probe.loaded:
            self.refuse_foreign()
            self.remove_files()
            launchctl('bootout', '%s/%s' % (probe.domain_target, world.label))
            warn('Service `ollama` is not started.')
            return
        labels = probe.loaded_labels or [probe.label]
        say('Stopping `ollama`... (might take a while)')
        for domain, label in list(probe.found):
            self.boot_out(domain, label, max_wait)
        probe.refresh()
        if probe.pid:
            launchctl('stop', '%s/%s' % (probe.domain_target, probe.label))
            probe.refresh()
        self.remove_files()
        if probe.found:
            warn('Unable to stop `ollama` (label: %s)' % ', '.join(labels))
        else:
            say('==> Successfully stopped `ollama` (label: %s)' % ', '.join(labels))

    def boot_out(self, domain, label, max_wait):
        """bootout again every second while it is in progress or the label is still there."""
        target = '%s/%s' % (domain, label)
        code = launchctl('bootout', target).returncode
        if '--no-wait' in self.options:
            return
        began = time.monotonic()
        while code not in NOT_FOUND and (code == 36 or launchctl('print', target).returncode == 0):
            if max_wait is not None and time.monotonic() - began > max_wait * config.scale():
                return
            time.sleep(1.0 * config.scale())
            code = launchctl('bootout', target).returncode

    def refuse_foreign(self):
        """A user cannot stop what root has started."""
        if os.geteuid() != 0 and self.probe.owner == 'root':
            raise Failed('Service `ollama` is started as `root`. Try:\n  sudo brew services stop ollama')

    def remove_files(self):
        if '--keep' in self.options:
            return
        for path in self.world.destinations:
            if os.path.lexists(path):
                os.unlink(path)

    def bootstrap(self, path):
        domain = self.probe.domain_target
        done = launchctl('bootstrap', domain, path)
        if done.returncode != 0:
            sys.stderr.write(done.stderr)
            raise Failed('Failure while executing; `/bin/launchctl bootstrap %s %s` exited with %d.'
                         % (domain, path, done.returncode))

    def install_file(self):
        """Before 6.0.15 a copy of the keg's plist, byte for byte; since then made anew from formula and env file."""
        world = self.world
        user = next((o.split('=', 1)[1] for o in self.options if o.startswith('--sudo-service-user=')), None)
        if world.regenerates:
            data = brew_plist.to_plist(world, warn, user).encode()
        else:
            with open(world.keg_plist, 'rb') as file:
                data = file.read()
        os.makedirs(world.agents, exist_ok=True)
        for path in world.destinations:
            if os.path.lexists(path):
                os.unlink(path)
        with open(world.destination, 'wb') as file:
            file.write(data)
        os.chmod(world.destination, 0o644)

    def take_ownership(self):
        """`sudo brew services start` gives the program's paths to root (1.7)."""
        if os.geteuid() != 0:
            return
        world = self.world
        paths = [world.opt + '/bin/ollama', world.opt, world.prefix + '/bin/ollama']
        warn('Taking root:admin ownership of some ollama paths:')
        for path in paths:
            sys.stderr.write('  %s\n' % path)
            os.chown(os.path.realpath(path), 0, 80)
        sys.stderr.write('This will require manual removal of these paths using `sudo rm` on\n'
                         'brew upgrade/reinstall/uninstall.\n')
        warn('`ollama` must be run as non-root to start at user login!')

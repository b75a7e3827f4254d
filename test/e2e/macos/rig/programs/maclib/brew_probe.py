"""How `brew services` finds out about a service: it asks launchctl and reads its dumps (macos.md 1.5, 1.6)."""
import os
import plistlib
import re
import subprocess
import sys

LAUNCHCTL = '/bin/launchctl'


class Probe:
    """The state of the service for one caller."""

    def __init__(self, world):
        self.world = world
        self.warned = False
        self.refresh()

    def warn_once(self, why):
        if self.warned or self.world.environ.get('HOMEBREW_SERVICES_NO_DOMAIN_WARNING'):
            return
        self.warned = True
        sys.stderr.write('Warning: %s, using user/* instead of gui/* domain!\n' % why)
        if not self.world.environ.get('HOMEBREW_NO_ENV_HINTS'):
            sys.stderr.write('Hide this warning by setting `HOMEBREW_SERVICES_NO_DOMAIN_WARNING=1`.\n')
            sys.stderr.write('Hide these hints with `HOMEBREW_NO_ENV_HINTS=1` (see `man brew`).\n')

    @property
    def domain_target(self):
        """system, user/<euid> or gui/<uid>; by SSH_TTY, so a command over ssh without a terminal picks gui."""
        environ, uid, euid = self.world.environ, os.getuid(), os.geteuid()
        if euid == 0:
            return 'system'
        if environ.get('SSH_TTY') and os.stat('/dev/console').st_uid != uid:
            self.warn_once('running over SSH without /dev/console ownership')
            return 'user/%d' % euid
        if environ.get('SUDO_USER') is not None:
            self.warn_once('running through sudo')
            return 'user/%d' % euid
        if uid != euid:
            self.warn_once('uid and euid do not match')
            return 'user/%d' % euid
        return 'gui/%d' % uid

    @property
    def candidates(self):
        if os.geteuid() == 0:
            return ['system']
        return list(dict.fromkeys([self.domain_target, 'user/%d' % os.geteuid(), 'gui/%d' % os.getuid()]))

    def refresh(self):
        """Asks again: every label in every domain that comes into question."""
        self.found = []
        self.dump = ''
        for label in self.world.labels:
            for domain in self.candidates:
                done = launchctl('print', '%s/%s' % (domain, label))
                if done.returncode == 0 and done.stdout:
                    self.found.append((domain, label))
                    self.dump = self.dump or done.stdout
        if self.found:
            return
        for label in self.world.labels:
            done = launchctl('list', label)
            if done.returncode == 0 and done.stdout:
                self.dump = done.stdout

    @property
    def loaded(self):
        return bool(self.dump)

    @property
    def loaded_labels(self):
        return list(dict.fromkeys(label for _, label in self.found))

    @property
    def label(self):
        """The active label: the loaded one, else the one in a registered file, else this Homebrew's own."""
        if self.found:
            return self.found[0][1]
        for path in self.world.destinations:
            if os.path.exists(path):
                return os.path.basename(path)[: -len('.plist')]
        return self.world.label

    @property
    def pid(self):
        number = self._match(r'pid = ([0-9]+)') or self._match(r'"PID" = ([0-9]+);')
        return int(number) if number and int(number) > 0 else None

    @property
    def exit_code(self):
        number = self._match(r'last exit code = ([0-9]+)')
        return int(number) if number is not None else None

    @property
    def loaded_file(self):
        return self._match(r'path = (.*)')

    def _match(self, pattern):
        found = re.search(pattern, self.dump)
        return found.group(1) if found else None

    @property
    def registered_file(self):
        for path in self.world.destinations:
            if os.path.exists(path):
                return path
        for label in self.world.labels:
            for folder in (self.world.home + '/Library/LaunchAgents', '/Library/LaunchDaemons'):
                path = '%s/%s.plist' % (folder, label)
                if os.path.exists(path):
                    return path
        return None

    @property
    def owner(self):
        name = self._user_name()
        if name:
            return name
        if any(os.path.exists('/Library/LaunchDaemons/%s.plist' % label) for label in self.world.labels):
            return 'root'
        if self.registered_file or self.loaded:
            return self.world.environ.get('USER') or 'me'
        return None

    def _user_name(self):
        path = self.registered_file
        if path is None:
            return None
        try:
            with open(path, 'rb') as file:
                data = file.read()
            # Homebrew before the flip cannot read a binary plist (7.1).
            if data.startswith(b'bplist') and not self.world.flipped:
                return None
            return plistlib.loads(data).get('UserName')
        except Exception:  # noqa: BLE001 - Homebrew rescues everything here
            return None

    @property
    def status(self):
        if self.pid:
            return 'started'
        if not self.loaded:
            return 'none'
        if self.exit_code is None:
            return 'unknown' if '(never exited)' not in self.dump and 'signal' not in self.dump else 'stopped'
        return 'stopped' if self.exit_code == 0 else 'error'


def launchctl(*words):
    """Runs launchctl without showing what it says."""
    return subprocess.run([LAUNCHCTL, *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

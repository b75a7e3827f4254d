"""The domains of the emulated launchd: when they exist, what is loaded in them, what is disabled (macos.md 2.1, 2.3)."""
import os
import plistlib
import pwd

from maclib import config, launchd_plists
from maclib.launchd_job import Job

STORE = '/var/db/com.apple.xpc.launchd'


class Domain:
    """`system`, `gui/UID` or `user/UID`."""

    def __init__(self, launchd, kind, uid=0):
        self.launchd = launchd
        self.kind = kind
        self.uid = uid
        self.jobs = {}
        self.environment = {}

    @property
    def name(self):
        return 'system' if self.kind == 'system' else '%s/%d' % (self.kind, self.uid)

    @property
    def in_words(self):
        """As `Could not find service "L" in domain for …` ends."""
        if self.kind == 'system':
            return 'system'
        return 'user gui: %d' % self.uid if self.kind == 'gui' else 'uid: %d' % self.uid

    def load(self, path, definition):
        """Takes a checked definition in."""
        job = Job(self.launchd, self, definition, path)
        self.jobs[job.label] = job
        if path is None or not never_spawns(job.label):
            job.begin()
        return job

    def load_folder(self, folder):
        """What launchd does at boot or login: everything in a folder that it does not refuse."""
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            return
        for name in names:
            if name.endswith('.plist'):
                self.load_quietly(os.path.join(folder, name))

    def load_quietly(self, path):
        try:
            definition = launchd_plists.read(path, self)
        except launchd_plists.Refused as refusal:
            self.launchd.log('%s: %s refused: %s' % (self.name, path, refusal))
            return
        if definition['Label'] not in self.jobs and not self.is_disabled(definition['Label']):
            if not definition.get('Disabled'):
                self.load(path, definition)

    @property
    def _store(self):
        return '%s/disabled%s.plist' % (STORE, '' if self.kind == 'system' else '.%d' % self.uid)

    def overrides(self):
        """Label to True (disabled) or False (enabled), as it survives a reboot."""
        try:
            with open(self._store, 'rb') as file:
                return plistlib.load(file)
        except (OSError, plistlib.InvalidFileException):
            return {}

    def is_disabled(self, label):
        return self.overrides().get(label) is True

    def set_disabled(self, label, disabled):
        values = {**self.overrides(), label: disabled}
        os.makedirs(STORE, exist_ok=True)
        with open(self._store, 'wb') as file:
            plistlib.dump(values, file)


def never_spawns(label):
    """The switch for "loaded but never spawned" (2.3): True for all labels, or a list of them."""
    told = config.fault('neverSpawns', False)
    return told is True or (isinstance(told, list) and label in told)


def home(uid):
    return pwd.getpwuid(uid).pw_dir

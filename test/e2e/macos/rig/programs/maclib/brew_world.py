"""One Homebrew: its prefix, its version and what that version does, and where its files are (macos.md 1.1-1.4, 1.8)."""
import os
import re
import shutil

from maclib import config

OLD = 'homebrew.mxcl.ollama'
NEW = 'sh.brew.ollama'
SERVER = '/usr/local/libexec/ollama-server'
SYSTEM_AGENTS = '/Library/LaunchDaemons'


def numbers(version):
    found = re.match(r'(\d+)\.(\d+)(?:\.(\d+))?', version)
    return tuple(int(part or 0) for part in found.groups()) if found else (99, 0, 0)


class World:
    def __init__(self, prefix, environ=None):
        self.prefix = prefix
        self.settings = config.load().get('brew', {}).get(prefix, {})
        self.environ = os.environ if environ is None else environ
        version = numbers(self.settings.get('version', '6.0.22'))
        # 6.0.15 brought the env file, and with it that the plist is made anew at every start (1.3).
        self.regenerates = version >= (6, 0, 15)
        # 6.0.21 or 6.0.22: the notes disagree (section 10), so a test may say which.
        self.flipped = version >= numbers(self.settings.get('flip', '6.0.22'))

    @property
    def label(self):
        return NEW if self.flipped else OLD

    @property
    def labels(self):
        """All that this Homebrew takes for the service's label."""
        return [NEW, OLD] if self.flipped else [OLD]

    @property
    def opt(self):
        return self.prefix + '/opt/ollama'

    @property
    def cellar(self):
        return self.prefix + '/Cellar/ollama'

    @property
    def installed(self):
        return os.path.isdir(self.opt)

    @property
    def installed_version(self):
        return os.path.basename(os.path.realpath(self.opt))

    @property
    def home(self):
        return self.environ.get('HOME', '')

    @property
    def agents(self):
        """Where this caller's plists go: root's to LaunchDaemons, a user's below his $HOME."""
        return SYSTEM_AGENTS if os.geteuid() == 0 else self.home + '/Library/LaunchAgents'

    @property
    def destination(self):
        return '%s/%s.plist' % (self.agents, self.label)

    @property
    def destinations(self):
        return ['%s/%s.plist' % (self.agents, label) for label in self.labels]

    @property
    def keg_plist(self):
        """The plist in the keg: it may have either name once both are known."""
        for label in self.labels:
            path = '%s/%s.plist' % (self.opt, label)
            if os.path.exists(path):
                return path
        return '%s/%s.plist' % (self.opt, self.label)

    @property
    def config_home(self):
        """HOMEBREW_USER_CONFIG_HOME as bin/brew sets it, whatever the user exports under that name."""
        for name in ('XDG_CONFIG_HOME', 'HOMEBREW_XDG_CONFIG_HOME'):
            if self.environ.get(name):
                return self.environ[name] + '/homebrew'
        return self.home + '/.homebrew'

    @property
    def env_file(self):
        return self.config_home + '/services/ollama.env'

    @property
    def formula_environment(self):
        """Early versions of the formula had no environment block (1.1)."""
        if self.settings.get('formulaEnvironment', True):
            return {'OLLAMA_FLASH_ATTENTION': '1', 'OLLAMA_KV_CACHE_TYPE': 'q8_0'}
        return {}

    def pour(self, version, plist, label=None):
        """Lays out a keg and links it, as install and upgrade do."""
        keg = '%s/%s' % (self.cellar, version)
        os.makedirs(keg + '/bin', exist_ok=True)
        shutil.copyfile(SERVER, keg + '/bin/ollama')
        os.chmod(keg + '/bin/ollama', 0o755)
        with open('%s/%s.plist' % (keg, label or self.label), 'w', encoding='utf-8') as file:
            file.write(plist)
        for folder in ('/opt', '/bin', '/var/log'):
            os.makedirs(self.prefix + folder, exist_ok=True)
        relink('../Cellar/ollama/' + version, self.opt)
        relink('../Cellar/ollama/%s/bin/ollama' % version, self.prefix + '/bin/ollama')

    def unpour(self):
        """Takes the formula away; services are not touched."""
        for path in (self.opt, self.prefix + '/bin/ollama'):
            if os.path.lexists(path):
                os.unlink(path)
        shutil.rmtree(self.cellar, ignore_errors=True)


def relink(target, path):
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)

"""Puts Homebrew's formula and its service's files where a test wants to find them; run once, before launchd."""
import json
import os
import pwd
import sys

sys.path.insert(0, '/usr/local/libexec/mac')
sys.dont_write_bytecode = True

from maclib import brew_plist  # noqa: E402
from maclib.brew_world import World  # noqa: E402


def quiet(text):
    sys.stderr.write('seed: %s\n' % text)


def main():
    told = json.load(sys.stdin)
    user = pwd.getpwnam(told['user'])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.umask(0o022)
    for prefix, brew in told['brews'].items():
        world = World(prefix, {'HOME': user.pw_dir, **brew.get('environ', {})})
        for folder in ('/opt', '/bin', '/Cellar', '/var/log'):
            os.makedirs(prefix + folder, exist_ok=True)
        if brew['formula'] is None:
            continue
        label = brew.get('label') or world.label
        text = brew_plist.to_plist(world, quiet, label=label)
        world.pour(brew['formula'], text, label)
        if brew['service'] == 'started':
            folder = user.pw_dir + '/Library/LaunchAgents'
            os.makedirs(folder, exist_ok=True)
            with open('%s/%s.plist' % (folder, label), 'w', encoding='utf-8') as file:
                file.write(text)


main()

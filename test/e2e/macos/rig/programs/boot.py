"""
Makes a Mac of a Debian: in a mount namespace of its own, /usr/bin and /usr/sbin hold what macOS has there and nothing
else (no systemctl, no ss, no setsid). Debian's own programs stay reachable for the emulation at /usr/local/libexec/debian.
Then becomes the emulated launchd.
"""
import json
import os
import subprocess
import sys

HERE = '/usr/local/libexec/mac'
DEBIAN = '/usr/local/libexec/debian'
ROOT = '/run/mac/root'

sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from maclib import names  # noqa: E402

IN_SBIN = {'lsof', 'netstat', 'chown'}
OUTSIDE = {
    'PlistBuddy': '/usr/libexec/PlistBuddy',
    'socketfilterfw': '/usr/libexec/ApplicationFirewall/socketfilterfw',
}
NOT_HERE = {'brew', 'Ollama', 'Squirrel', *OUTSIDE}
# Debian's own that Mac has just so, and whose options nobody reads.
PLAIN = ['[', 'sh', 'bash', 'sudo', 'sqlite3', 'true', 'false', 'sleep', 'printf', 'expr', 'curl', 'perl',
         'nohup', 'test', 'echo', 'kill', 'stty']


def link(target, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)


def mount(source, target):
    os.makedirs(target, exist_ok=True)
    subprocess.run([MOUNT, '--bind', source, target], check=True)


def main():
    with open('/var/db/mac/config.json', encoding='utf-8') as file:
        without = set(json.load(file).get('without', []))
    fill(without)
    for folder in ('bin', 'sbin'):
        mount('/usr/' + folder, '%s/%s' % (DEBIAN, folder))
    for folder in ('bin', 'sbin'):
        subprocess.run([DEBIAN + '/bin/mount', '--bind', '%s/%s' % (ROOT, folder), '/usr/' + folder], check=True)
    console()
    python = DEBIAN + '/bin/python3'
    os.execv(python, [python, '-IS', HERE + '/launchd.py'])


def console():
    """/dev/console belongs to whoever sits at it, so it has to be something that can be given away."""
    with open('/run/mac/console', 'w', encoding='ascii'):
        pass
    link('/run/mac/console', '/dev/console')


def fill(without):
    """The two folders, and the few programs outside of them."""
    for name in {*names.PROGRAMS, *names.STRICT} - NOT_HERE - without:
        folder = 'sbin' if name in IN_SBIN else 'bin'
        link(plain(name) if name in PLAIN else HERE + '/main.py', '%s/%s/%s' % (ROOT, folder, name))
    link(plain('bash'), ROOT + '/bin/zsh')
    for name, path in OUTSIDE.items():
        if name not in without:
            link(HERE + '/main.py', path)


def plain(name):
    """Debian's own program; what is a link there is followed, for it leads to where it no longer is."""
    folder = 'sbin' if not os.path.lexists('/usr/bin/' + name) else 'bin'
    real = os.path.realpath('/usr/%s/%s' % (folder, name))
    return '%s/%s/%s' % (DEBIAN, os.path.basename(os.path.dirname(real)), os.path.basename(real))


MOUNT = '/usr/bin/mount'
main()

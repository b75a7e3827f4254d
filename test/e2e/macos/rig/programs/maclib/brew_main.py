"""Homebrew's command line (macos.md 1.5, 1.7, 1.8)."""
import os
import shutil
import sys

from maclib import brew_plist, brew_show, sessions
from maclib.brew_services import Failed, Services, warn
from maclib.brew_world import World

ROOT = 'Error: Running Homebrew as root is extremely dangerous and no longer supported.\n' \
       'As Homebrew does not drop privileges on installation you would be giving all\n' \
       'build scripts full access to your system.\n'
AS_ROOT = {'services', '--prefix', '--version', '-v', '--cellar', '--repository', '--env'}
FLAGS = {
    'list': {'--json', '--debug', '--verbose', '--quiet', '-v', '-q', '-d'},
    'info': {'--json', '--all', '--debug', '--verbose', '--quiet', '-v', '-q', '-d'},
    'start': {'--all', '--debug', '--verbose', '--quiet', '-v', '-q', '-d'},
    'run': {'--all', '--debug', '--verbose', '--quiet', '-v', '-q', '-d'},
    'stop': {'--all', '--keep', '--no-wait', '--debug', '--verbose', '--quiet', '-v', '-q', '-d'},
    'restart': {'--all', '--debug', '--verbose', '--quiet', '-v', '-q', '-d'},
}
VALUES = {'start': ('--file=', '--sudo-service-user='), 'stop': ('--max-wait=',), 'run': ('--file=',),
          'restart': ('--file=', '--sudo-service-user=')}


def main(argv):
    prefix = os.path.dirname(os.path.dirname(os.path.abspath(argv[0])))
    words = argv[1:]
    command = words[0] if words else ''
    world = World(prefix)
    if not world.environ.get('HOME'):
        sys.stderr.write('Error: $HOME must be set to run brew.\n')
        return 1
    if os.geteuid() == 0 and command not in AS_ROOT:
        sys.stderr.write(ROOT)
        return 1
    try:
        return COMMANDS.get(command, unknown)(world, words[1:]) or 0
    except Failed as error:
        sys.stderr.write('Error: %s\n' % error)
        return 1


def unknown(world, words):
    sys.stderr.write('Error: Unknown command: brew %s\n' % ' '.join(sys.argv[1:2]))
    return 1


def version(world, words):
    lines = world.settings.get('versionText') or 'Homebrew ' + world.settings.get('version', '6.0.22')
    sys.stdout.write(lines + '\n')


def prefix_(world, words):
    names = [word for word in words if not word.startswith('-')]
    if any(word.startswith('-') and word != '--installed' for word in words):
        raise Failed('invalid option: %s' % words[0])
    for name in names:
        if name != 'ollama':
            raise Failed('No available formula with the name "%s".' % name)
    if names and '--installed' in words and not world.installed:
        raise Failed('No such keg: %s' % world.cellar)
    sys.stdout.write((world.opt if names else world.prefix) + '\n')


def list_(world, words):
    names = [word for word in words if not word.startswith('-')]
    if any(word.startswith('-') and word not in ('--versions', '--formula', '--formulae', '-1') for word in words):
        raise Failed('invalid option: %s' % [word for word in words if word.startswith('-')][0])
    if not names:
        if world.installed:
            sys.stdout.write('ollama%s\n' % (' ' + world.installed_version if '--versions' in words else ''))
        return 0
    if names != ['ollama'] or not world.installed:
        if '--versions' not in words:
            raise Failed('No such keg: %s/Cellar/%s' % (world.prefix, names[0]))
        return 1
    text = 'ollama ' + world.installed_version if '--versions' in words else world.opt + '/bin/ollama'
    sys.stdout.write(text + '\n')
    return 0


def upgrade(world, words):
    latest = world.settings.get('latest', '0.33.0')
    if not world.installed:
        raise Failed('ollama not installed')
    old = world.installed_version
    if old == latest:
        warn('ollama %s already installed' % latest)
        return
    world.pour(latest, brew_plist.to_plist(world, warn))
    shutil.rmtree('%s/%s' % (world.cellar, old), ignore_errors=True)
    sys.stdout.write('==> Upgrading 1 outdated package:\nollama %s -> %s\n' % (old, latest))


def reinstall(world, words):
    if not world.installed:
        raise Failed('ollama not installed')
    installed = world.installed_version
    shutil.rmtree('%s/%s' % (world.cellar, installed))
    world.pour(installed, brew_plist.to_plist(world, warn))


def install(world, words):
    if world.installed:
        warn('ollama %s is already installed and up-to-date.' % world.installed_version)
        return
    world.pour(world.settings.get('latest', '0.33.0'), brew_plist.to_plist(world, warn))


def uninstall(world, words):
    if not world.installed:
        raise Failed('No such keg: %s' % world.cellar)
    world.unpour()


def services(world, words):
    refuse_tmux(world)
    verb = words[0] if words and not words[0].startswith('-') else 'list'
    rest = words[1:] if words and not words[0].startswith('-') else words
    if verb not in FLAGS:
        raise Failed('Invalid usage: unknown subcommand: %s' % verb)
    options = [word for word in rest if word.startswith('-')]
    for option in options:
        if option not in FLAGS[verb] and not option.startswith(VALUES.get(verb, ('\0',))):
            raise Failed('invalid option: %s' % option)
    names = [word for word in rest if not word.startswith('-')]
    if verb == 'list':
        needed = Services(world, options)
        brew_show.listed(world, needed.probe, '--json' in options)
        return
    if not names:
        raise Failed('Invalid usage: Formula(e) missing, please provide a formula name or use `--all`.')
    if names != ['ollama']:
        raise Failed('No available formula with the name "%s".' % names[0])
    if not world.installed:
        raise Failed('Formula `ollama` is not installed.')
    service = Services(world, options)
    if verb == 'info':
        brew_show.info(world, service.probe, '--json' in options)
    else:
        getattr(service, verb)()


def refuse_tmux(world):
    """Only when /usr/bin/pbpaste fails too, which it does outside of the graphical session."""
    if world.environ.get('TMUX') and sessions.own() != sessions.AQUA:
        raise Failed('Invalid usage: `brew services` cannot run under tmux!')


COMMANDS = {
    '--version': version,
    '-v': version,
    '--prefix': prefix_,
    'list': list_,
    'ls': list_,
    'upgrade': upgrade,
    'install': install,
    'reinstall': reinstall,
    'uninstall': uninstall,
    'services': services,
}

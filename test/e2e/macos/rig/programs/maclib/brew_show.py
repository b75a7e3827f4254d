"""`brew services list` and `info`, as text and as JSON (macos.md 1.6)."""
import json
import sys

from maclib import brew_plist
from maclib.brew_services import warn


def row(world, probe):
    return {
        'name': 'ollama',
        'status': probe.status,
        'user': probe.owner,
        'file': probe.registered_file or world.keg_plist,
        'exit_code': probe.exit_code,
    }


def listed(world, probe, as_json):
    if as_json:
        sys.stdout.write(pretty([row(world, probe)] if world.installed else []))
        return
    if not world.installed:
        sys.stderr.write('Warning: No services available to control with `brew services`\n')
        return
    values = row(world, probe)
    status = values['status']
    file = values['file'].replace(world.home, '~') if probe.loaded else ''
    if status == 'error':
        status = 'error  %s' % values['exit_code']
    sys.stdout.write('Name   Status  User File\n')
    sys.stdout.write(('ollama %-7s %s %s' % (status, values['user'] or '    ', file)).rstrip() + '\n')


def details(world, probe):
    """Keys in Homebrew's order. `command` is what would run now by formula and env file, not what runs (1.6)."""
    variables = brew_plist.environment(world, warn)
    words = ['%s="%s"' % pair for pair in variables.items()]
    log = world.prefix + '/var/log/ollama.log'
    return {
        'name': 'ollama',
        'service_name': probe.label,
        'running': probe.pid is not None,
        'loaded': probe.loaded,
        'schedulable': False,
        'pid': probe.pid,
        'exit_code': probe.exit_code,
        'user': probe.owner,
        'status': probe.status,
        'file': probe.registered_file or world.keg_plist,
        'registered': probe.registered_file is not None,
        'loaded_file': probe.loaded_file,
        'command': ' '.join([*words, world.opt + '/bin/ollama serve']),
        'working_dir': world.prefix + '/var',
        'root_dir': None,
        'log_path': log,
        'error_log_path': log,
        'interval': None,
        'cron': None,
    }


def info(world, probe, as_json):
    values = details(world, probe)
    if as_json:
        sys.stdout.write(pretty([values]))
        return
    sys.stdout.write('ollama (%s)\n' % values['service_name'])
    for title, value in (('Running', values['running']), ('Loaded', values['loaded']), ('Schedulable', False)):
        sys.stdout.write('%s: %s\n' % (title, 'true' if value else 'false'))
    if values['pid']:
        sys.stdout.write('User: %s\nPID: %d\n' % (values['user'], values['pid']))


def pretty(value):
    return json.dumps(value, indent=2) + '\n'

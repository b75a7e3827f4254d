"""What Homebrew writes into a service's plist, and what it takes from services/<formula>.env (macos.md 1.2, 1.4)."""
import html
import os
import stat

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
    '<plist version="1.0">\n'
)
SESSIONS = ['Aqua', 'Background', 'LoginWindow', 'StandardIO', 'System']


def overrides(world, warn):
    """The user's variables for the service; whatever is wrong with the file is a warning and never an error."""
    path = world.env_file
    if not world.regenerates or not os.path.isfile(path):
        return {}
    if os.geteuid() == 0:
        warn('Skipping %s: user env overrides are not supported for root services.' % path)
        return {}
    mode = os.stat(path).st_mode
    if mode & stat.S_IWOTH:
        warn('Skipping %s: file is world-writable.' % path)
        return {}
    if mode & stat.S_IWGRP:
        warn('Skipping %s: file is group-writable.' % path)
        return {}
    with open(path, encoding='utf-8') as file:
        return variables(path, file.read(), warn)


def variables(path, text, warn):
    """No quotes, no `export`, no $VAR, no comments behind a value; the last of equal keys wins."""
    values = {}
    for line in text.split('\n'):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        key, sign, value = line.partition('=')
        if not sign or not key.strip():
            warn('Skipping invalid line in %s: %s' % (path, line))
            continue
        values[key.strip()] = value.strip()
    return values


def environment(world, warn):
    """Formula keys first, then the user's: the order in which `command` shows them."""
    return {**world.formula_environment, **overrides(world, warn)}


def to_plist(world, warn, user=None, label=None):
    """The text as `Service#to_plist` and the plist gem write it."""
    definition = {
        'EnvironmentVariables': environment(world, warn),
        'KeepAlive': True,
        'Label': label or world.label,
        'LimitLoadToSessionType': SESSIONS,
        'ProgramArguments': [world.opt + '/bin/ollama', 'serve'],
        'RunAtLoad': True,
        'StandardErrorPath': world.prefix + '/var/log/ollama.log',
        'StandardOutPath': world.prefix + '/var/log/ollama.log',
        'WorkingDirectory': world.prefix + '/var',
    }
    if user:
        definition['UserName'] = user
    if not definition['EnvironmentVariables']:
        del definition['EnvironmentVariables']
    return HEAD + element(definition, 0) + '</plist>\n'


def element(value, depth):
    """Tabs, keys sorted at every level, an empty string as `<string/>`."""
    tabs = '\t' * depth
    if value is True:
        return tabs + '<true/>\n'
    if isinstance(value, str):
        text = html.escape(value).replace('&#x27;', '&#39;')
        return '%s<string>%s</string>\n' % (tabs, text) if value else tabs + '<string/>\n'
    if isinstance(value, list):
        return '%s<array>\n%s%s</array>\n' % (tabs, ''.join(element(each, depth + 1) for each in value), tabs)
    rows = ''.join(
        '%s\t<key>%s</key>\n%s' % (tabs, html.escape(key), element(value[key], depth + 1)) for key in sorted(value)
    )
    return '%s<dict>\n%s%s</dict>\n' % (tabs, rows, tabs)

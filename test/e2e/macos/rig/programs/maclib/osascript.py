"""osascript, for the one thing that scripts ask of Ollama.app: to quit. It does not (macos.md 0.4, 3.4, 9)."""
import re
import sys
import time

from maclib import config, processes, sessions
from maclib.open_app import bundles, info

QUIT = re.compile(r'^\s*(?:quit\s+app(?:lication)?\s+(?P<one>id\s+)?"(?P<name>[^"]+)"|'
                  r'tell\s+app(?:lication)?\s+(?P<two>id\s+)?"(?P<told>[^"]+)"\s+to\s+quit)\s*$', re.I)
RUNNING = re.compile(r'^\s*(?:application|app)\s+(?:id\s+)?"(?P<name>[^"]+)"\s+is\s+running\s*$', re.I)


def main(argv):
    scripts, args = [], argv[1:]
    while args:
        word = args.pop(0)
        if word == '-e' and args:
            scripts.append(args.pop(0))
        elif word.startswith('-'):
            sys.stderr.write('osascript: illegal option -- %s\nusage: osascript [-l language] [-e script] [-i] '
                             '[-s {ehso}] [programfile] [argument ...]\n' % word.lstrip('-')[:1])
            return 2
    script = '\n'.join(scripts) if scripts else sys.stdin.read()
    found = QUIT.match(script)
    if found:
        return quit_(found.group('name') or found.group('told'))
    asked = RUNNING.match(script)
    if asked:
        sys.stdout.write('true\n' if running(asked.group('name')) else 'false\n')
        return 0
    return error('0:1: syntax error: Expected end of line but found identifier.', -2741)


def error(text, number):
    sys.stderr.write('%s (%d)\n' % (text, number))
    return 1


def bundle_of(name):
    for path in bundles():
        if path.endswith('/%s.app' % name) or info(path).get('CFBundleIdentifier') == name:
            return path
    return None


def running(name):
    bundle = bundle_of(name)
    if bundle is None:
        return None
    for each in processes.all_of_them().values():
        if each.words and each.words[0].startswith(bundle + '/Contents/MacOS/'):
            return each
    return None


def quit_(name):
    if sessions.own() != sessions.AQUA:
        # Without a graphical session the event finds nobody; it may as well hang, so callers need a time limit.
        time.sleep(config.fault('osascriptHangs', 0))
        return error('0:26: execution error: %s got an error: Connection is invalid.' % name, -609)
    if config.fault('appleEventsDenied'):
        return error('0:26: execution error: Not authorized to send Apple events to %s.' % name, -1743)
    if bundle_of(name) is None:
        return error('0:26: execution error: Can\u2019t get application "%s".' % name, -1728)
    if running(name) is None:
        return 0
    version = config.load().get('app', {}).get('version', '0.32.15')
    if tuple(int(part) for part in version.split('-')[0].split('.')[:2]) < (0, 10):
        return quit_electron(name)
    return error('0:26: execution error: %s got an error: User canceled.' % name, -128)


def quit_electron(name):
    """Up to 0.9.6 the app did quit."""
    import os
    import signal
    os.kill(running(name).pid, signal.SIGTERM)
    return 0

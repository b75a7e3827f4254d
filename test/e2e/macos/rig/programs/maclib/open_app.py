"""open(1): starts applications through LaunchServices, or brings them to the front (macos.md 3.1, 3.4, 9)."""
import os
import plistlib
import sys

from maclib import client, config, sessions

USAGE = 'Usage: open [-e] [-t] [-f] [-W] [-R] [-n] [-g] [-h] [-s <partial SDK name>][-b <bundle identifier>] [-a <application>] ' \
        '[-u URL] [filenames] [--args arguments]\n'


def main(argv):
    args, words = argv[1:], []
    if '--args' in args:
        place = args.index('--args')
        args, words = args[:place], args[place + 1:]
    name, identifier, new, files = None, None, False, []
    while args:
        word = args.pop(0)
        if word in ('-a', '-b') and args:
            if word == '-a':
                name = args.pop(0)
            else:
                identifier = args.pop(0)
        elif word.startswith('-') and word != '-' and set(word[1:]) <= set('jgnWFRe'):
            new = new or 'n' in word
        elif word.startswith('-'):
            sys.stderr.write("open: invalid option -- %s\n%s" % (word.lstrip('-')[:1], USAGE))
            return 1
        else:
            files.append(word)
    if name is None and identifier is None and not files:
        sys.stderr.write(USAGE)
        return 1
    bundle = find(name, identifier, files)
    if bundle is None:
        return 1
    return launch(bundle, words, new)


def find(name, identifier, files):
    """The bundle; None (and words on standard error) when there is none."""
    known = [path for path in bundles() if not config.fault('openUnindexed')]
    if name is None and identifier is None:
        path = os.path.abspath(files[0]).rstrip('/')
        if not os.path.exists(path):
            sys.stderr.write('The file %s does not exist.\n' % path)
            return None
        return path
    if identifier is not None:
        found = next((path for path in known if info(path).get('CFBundleIdentifier') == identifier), None)
        if found is None:
            sys.stderr.write('LSCopyApplicationURLsForBundleIdentifier() failed while trying to determine the application '
                             'with bundle identifier %s.\n' % identifier)
        return found
    if '/' in name:
        if os.path.isdir(name):
            return name.rstrip('/')
        known = []
    found = next((path for path in known if os.path.basename(path)[:-4].lower() == name.lower().removesuffix('.app')), None)
    if found is None:
        sys.stderr.write("Unable to find application named '%s'\n" % name)
    return found


def bundles():
    for folder in ('/Applications', os.path.expanduser('~/Applications'), os.path.dirname(app_path())):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            if name.endswith('.app'):
                yield folder + '/' + name


def app_path():
    return config.load().get('app', {}).get('path', '/Applications/Ollama.app')


def info(bundle):
    try:
        with open(bundle + '/Contents/Info.plist', 'rb') as file:
            return plistlib.load(file)
    except Exception:  # noqa: BLE001
        return {}


def launch(bundle, words, new):
    about = info(bundle)
    if 'CFBundleExecutable' not in about:
        sys.stderr.write('The application cannot be opened because its executable is missing.\n')
        return 1
    error = config.fault('openError', -10810)
    failure = '_LSOpenURLsWithCompletionHandler() failed for the application %s with error %d.\n' % (bundle, error)
    if sessions.own() not in (sessions.AQUA, sessions.AQUA_AS_ROOT):
        sys.stderr.write(failure)
        return 1
    answer = client.ask(
        op='launch',
        program='%s/Contents/MacOS/%s' % (bundle, about['CFBundleExecutable']),
        identifier=about.get('CFBundleIdentifier', 'unknown'),
        args=words,
        environment=dict(os.environ),
    )
    if 'error' in answer:
        sys.stderr.write(failure)
        return 1
    return 0

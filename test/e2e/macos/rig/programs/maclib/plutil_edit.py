"""plutil's -insert, -replace and -remove: the file is rewritten as a whole and stays XML or binary (macos.md 7.1)."""
import base64
import datetime
import json
import sys

from maclib import plists

EMPTY = {'-dictionary': dict, '-array': list}


def take(command, args):
    """The key path, the type and the value; None (and words on standard error) when they are not right."""
    if len(args) < 2:
        sys.stderr.write('%s: missing arguments\n' % command)
        return None
    path, kind = args.pop(0), args.pop(0)
    if kind in EMPTY:
        return [path, kind, '']
    if kind not in VALUES or not args:
        sys.stderr.write('Unknown value type: %s\n' % kind)
        return None
    return [path, kind, args.pop(0)]


def boolean(text):
    return text.lower() in ('yes', 'true', '1')


VALUES = {
    '-string': str,
    '-bool': boolean,
    '-integer': int,
    '-float': float,
    '-json': json.loads,
    '-xml': lambda text: plists.plistlib.loads(('<plist>%s</plist>' % text).encode()),
    '-data': base64.b64decode,
    '-date': lambda text: datetime.datetime.strptime(text, '%Y-%m-%dT%H:%M:%SZ'),
}


def edit(command, words, value, kind, options, file):
    from maclib.plutil import save
    keys = plists.split(words[0])
    parent = value
    for key in keys[:-1]:
        try:
            parent = plists.step(parent, key)
        except KeyError:
            return refuse(file, command, words[0], 'Key path not found')
    if not isinstance(parent, (dict, list)):
        return refuse(file, command, words[0], 'Key path not found')
    last = keys[-1]
    there = True
    try:
        plists.step(parent, last)
    except KeyError:
        there = False
    if command == '-remove':
        if not there:
            return refuse(file, command, words[0], 'No value to remove at key path')
        del parent[last if isinstance(parent, dict) else int(last)]
    else:
        if command == '-insert' and there and isinstance(parent, dict):
            return refuse(file, command, words[0], 'Value already exists at key path')
        try:
            made = EMPTY[words[1]]() if words[1] in EMPTY else VALUES[words[1]](words[2])
        except ValueError:
            sys.stderr.write('%s: Could not modify plist, error: invalid value %s\n' % (file, words[2]))
            return 1
        if isinstance(parent, dict):
            parent[last] = made
        elif not last.isdigit() or int(last) > len(parent):
            return refuse(file, command, words[0], 'Key path not found')
        elif command == '-insert':
            parent.insert(int(last), made)
        else:
            parent[int(last):int(last) + 1] = [made]
    return save(plists.write(value, kind), options, file)


def refuse(file, command, path, why):
    sys.stderr.write('%s: Could not modify plist, error: %s %s\n' % (file, why, path))
    return 1

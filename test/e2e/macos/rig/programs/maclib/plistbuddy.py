"""/usr/libexec/PlistBuddy with -c: Print, Add, Set, Delete (macos.md 7.1). Each command saves at once."""
import os
import re
import shlex
import sys

from maclib import plists

TYPES = {'string': str, 'dict': dict, 'array': list, 'bool': lambda text: text.lower() in ('true', 'yes', '1'),
         'integer': int, 'real': float}
USAGE = 'Usage: PlistBuddy [-cxh] <file.plist>\n    -c "<command>" execute command, otherwise run in interactive mode\n'


def main(argv):
    commands, as_xml, files, rest = [], False, [], argv[1:]
    while rest:
        word = rest.pop(0)
        if word == '-c' and rest:
            commands.append(rest.pop(0))
        elif word == '-x':
            as_xml = True
        elif word.startswith('-'):
            sys.stdout.write(USAGE)
            return 1
        else:
            files.append(word)
    if len(files) != 1 or not commands:
        sys.stdout.write(USAGE)
        return 1
    [file] = files
    value, kind = {}, 'xml'
    if os.path.exists(file):
        try:
            with open(file, 'rb') as handle:
                value, kind = plists.parse(handle.read())
        except plists.Broken:
            sys.stdout.write('Error Reading File: %s\n' % file)
            return 1
    else:
        sys.stdout.write("File Doesn't Exist, Will Create: %s\n" % file)
    code = 0
    for command in commands:
        code = run(command, value, as_xml) or code
        if not command.lower().startswith('print') and code == 0:
            with open(file, 'wb') as handle:
                handle.write(plists.write(value, kind))
    return code


def split(entry):
    """Colons, and \\: for one within a key."""
    return [part.replace('\\:', ':') for part in re.split(r'(?<!\\):', entry.lstrip(':'))]


def run(command, value, as_xml):
    verb, _, rest = command.strip().partition(' ')
    entry, _, rest = rest.partition(' ')
    verb = verb.capitalize()
    if verb not in ('Print', 'Add', 'Set', 'Delete'):
        sys.stderr.write('Unrecognized Command\n')
        return 1
    keys = [key for key in split(entry) if key]
    parent = value
    for key in keys[:-1]:
        try:
            parent = plists.step(parent, key)
        except KeyError:
            if verb != 'Add':
                return absent(verb, entry)
            parent[key] = {}
            parent = parent[key]
    last = keys[-1] if keys else None
    return VERBS[verb](parent, last, entry, rest, as_xml)


def absent(verb, entry):
    sys.stderr.write('%s: Entry, "%s", Does Not Exist\n' % (verb, entry))
    return 1


def print_(parent, last, entry, rest, as_xml):
    try:
        value = parent if last is None else plists.step(parent, last)
    except KeyError:
        return absent('Print', entry)
    if as_xml:
        plists.out(plists.write(value, 'xml'))
    else:
        sys.stdout.write(text(value) + '\n')
    return 0


def text(value, depth=0):
    pad = '    ' * (depth + 1)
    if isinstance(value, dict):
        rows = ''.join('%s%s = %s\n' % (pad, key, text(each, depth + 1)) for key, each in value.items())
        return 'Dict {\n%s%s}' % (rows, '    ' * depth)
    if isinstance(value, list):
        rows = ''.join('%s%s\n' % (pad, text(each, depth + 1)) for each in value)
        return 'Array {\n%s%s}' % (rows, '    ' * depth)
    return ('true' if value else 'false') if isinstance(value, bool) else str(value)


def made(kind, rest):
    words = shlex.split(rest) if rest[:1] in '"\'' and rest else [rest]
    return TYPES[kind](words[0]) if words and words[0] != '' else TYPES[kind]() if kind in ('dict', 'array') else ''


def add(parent, last, entry, rest, as_xml):
    kind, _, given = rest.partition(' ')
    if kind not in TYPES:
        sys.stderr.write('Unrecognized Type: %s\n' % kind)
        return 1
    if isinstance(parent, dict) and last in parent:
        sys.stderr.write('Add: "%s" Entry Already Exists\n' % entry)
        return 1
    if isinstance(parent, list):
        parent.insert(int(last) if last and last.isdigit() else len(parent), made(kind, given))
    else:
        parent[last] = made(kind, given)
    return 0


def set_(parent, last, entry, rest, as_xml):
    try:
        old = plists.step(parent, last)
    except KeyError:
        return absent('Set', entry)
    value = made('string', rest)
    value = TYPES['bool'](value) if isinstance(old, bool) else int(value) if isinstance(old, int) else value
    parent[last if isinstance(parent, dict) else int(last)] = value
    return 0


def delete(parent, last, entry, rest, as_xml):
    try:
        plists.step(parent, last)
    except KeyError:
        return absent('Delete', entry)
    del parent[last if isinstance(parent, dict) else int(last)]
    return 0


VERBS = {'Print': print_, 'Add': add, 'Set': set_, 'Delete': delete}

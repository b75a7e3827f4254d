"""plutil(1), with the texts and codes of macos.md 7.1."""
import os
import signal
import sys

from maclib import config, plists, plutil_edit

USAGE = 'plutil: [command_option] [other_options] file...\n'
COMMANDS = ('-lint', '-convert', '-extract', '-insert', '-replace', '-remove', '-p', '-type', '-create', '-help')
FORMATS = {'xml1': 'xml', 'binary1': 'binary', 'json': 'json'}


def main(argv):
    if config.fault('plutilKilled'):
        os.kill(os.getpid(), signal.SIGKILL)
    args = argv[1:]
    if not args:
        sys.stderr.write('No files specified.\n' + USAGE)
        return 1
    command = args.pop(0) if args[0] in COMMANDS else '-lint'
    if command == '-help':
        sys.stdout.write(USAGE)
        return 0
    operands = {'-convert': 1, '-extract': 2, '-type': 1, '-remove': 1, '-create': 1}.get(command, 0)
    words = [args.pop(0) for _ in range(min(operands, len(args)))]
    if command in ('-insert', '-replace'):
        words = plutil_edit.take(command, args)
        if words is None:
            return 1
    options = {'o': None, 'e': None, 's': False, 'n': False, 'expect': None}
    files = others(args, options)
    if files is None:
        return 1
    if not files:
        sys.stderr.write('No files specified.\n' + USAGE)
        return 1
    codes = [one(command, words, options, file) for file in files]
    return max(codes)


def others(args, options):
    """The other options, and the files."""
    files = []
    while args:
        word = args.pop(0)
        if word == '--':
            return files + args
        if word in ('-o', '-e', '-expect'):
            if not args:
                sys.stderr.write('%s: missing argument\n%s' % (word, USAGE))
                return None
            options[word[1:]] = args.pop(0)
        elif word in ('-s', '-n', '-r', '-append'):
            options[word[1:]] = True
        elif word.startswith('-') and word != '-':
            sys.stderr.write('%s: unrecognized option\n%s' % (word, USAGE))
            return None
        else:
            files.append(word)
    return files


def read(file):
    if file == '-':
        return sys.stdin.buffer.read()
    if not os.path.isfile(file):
        raise FileNotFoundError(file)
    with open(file, 'rb') as handle:
        return handle.read()


def shown(file):
    return '<stdin>' if file == '-' else file


def missing(file):
    sys.stderr.write(
        '%s: file does not exist or is not readable or is not a regular file (Error Domain=NSCocoaErrorDomain Code=260 '
        '"The file \u201c%s\u201d couldn\u2019t be opened because there is no such file." UserInfo={NSFilePath=%s})\n'
        % (file, os.path.basename(file), file))
    return 1


def one(command, words, options, file):
    """One file; the message of a failure goes to standard error, that of -lint too."""
    try:
        data = read(file)
    except OSError:
        return missing(file)
    name = shown(file)
    if command == '-lint':
        return lint(name, data, options)
    try:
        value, kind = plists.parse_json_too(data)
    except plists.Broken as error:
        sys.stderr.write('%s: Property List error: %s / JSON error: JSON text did not start with array or object and '
                         'option to allow fragments not set.\n' % (name, error))
        return 1
    try:
        if command == '-convert':
            return convert(words[0], value, options, file)
        if command == '-p':
            sys.stdout.write(plists.pretty(value) + '\n')
            return 0
        if command in ('-extract', '-type'):
            return extract(command, words, value, options, file)
        return plutil_edit.edit(command, words, value, kind, options, file)
    except plists.Broken as error:
        sys.stderr.write('%s: %s\n' % (name, error))
        return 1


def lint(name, data, options):
    try:
        plists.parse(data)
    except plists.Broken as error:
        sys.stderr.write('%s: (%s)\n' % (name, error))
        return 1
    if not options['s']:
        sys.stdout.write('%s: OK\n' % name)
    return 0


def convert(form, value, options, file):
    if form not in FORMATS:
        sys.stderr.write('Unknown format specifier: %s\n%s' % (form, USAGE))
        return 1
    return save(plists.write(value, FORMATS[form]), options, file)


def save(data, options, file):
    """To -o (a dash: standard output), else in place: the file is written anew, with its mode."""
    target = options['o'] or file
    if target == '-':
        plists.out(data)
        return 0
    try:
        with open(target, 'wb') as handle:
            handle.write(data)
    except OSError as error:
        sys.stderr.write('%s: write failed: %s\n' % (target, error.strerror))
        return 1
    return 0


def extract(command, words, value, options, file):
    path = words[0]
    for key in plists.split(path):
        try:
            value = plists.step(value, key)
        except KeyError:
            sys.stderr.write('%s: Could not extract value, error: No value at that key path or invalid key path: %s\n'
                             % (shown(file), path))
            return 1
    if options['expect'] and options['expect'] != plists.kind_of(value):
        sys.stderr.write('%s: Value at [%s] expected to be %s but is %s\n'
                         % (shown(file), path, options['expect'], plists.kind_of(value)))
        return 1
    if command == '-type' or words[1] == 'raw':
        text = plists.kind_of(value) if command == '-type' else plists.raw(value)
        sys.stdout.write(text + ('' if options['n'] else '\n'))
        return 0
    return convert(words[1], value, options, file)

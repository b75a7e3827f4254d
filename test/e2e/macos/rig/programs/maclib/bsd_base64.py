"""base64 of macOS: -i and -o name files, -D and -d decode, -b breaks lines; a bare operand is a file since macOS 13."""
import base64
import binascii
import sys

from maclib import config

USAGE = 'Usage:\tbase64 [-Ddh] [-b num] [-i in_file] [-o out_file]\n'
LONG = {'--decode': '-D', '--input': '-i', '--output': '-o', '--break': '-b', '--help': '-h'}


def main(argv):
    source, target, decode, columns = None, None, False, 0
    rest = list(argv[1:])
    while rest:
        word = rest.pop(0)
        word, sign, value = word.partition('=') if word.startswith('--') else (word, '', '')
        word = LONG.get(word, word)
        if word in ('-D', '-d'):
            decode = True
        elif word[:2] in ('-i', '-o', '-b'):
            value = value if sign else word[2:] or (rest.pop(0) if rest else '')
            if word[1] == 'i':
                source = value
            elif word[1] == 'o':
                target = value
            else:
                columns = int(value)
        elif word == '--' or word == '-':
            continue
        elif word.startswith('-'):
            sys.stderr.write('base64: unrecognized option `%s\'\n%s' % (word, USAGE))
            return 64
        elif source is None and modern():
            source = word
        else:
            sys.stderr.write('base64: invalid argument %s\n%s' % (word, USAGE))
            return 64
    return convert(source, target, decode, columns)


def modern():
    return int(config.load().get('macos', '26.5.2').split('.')[0]) >= 13


def convert(source, target, decode, columns):
    try:
        with (open(source, 'rb') if source not in (None, '-') else sys.stdin.buffer) as file:
            data = file.read()
    except OSError as error:
        sys.stderr.write("base64: Unable to open '%s': %s\n" % (source, error.strerror))
        return 1
    if decode:
        try:
            out = base64.b64decode(data, validate=False)
        except binascii.Error:
            sys.stderr.write('base64: stdin: (null): error decoding base64 input stream\n')
            return 1
    else:
        out = base64.b64encode(data)
        if columns:
            out = b'\n'.join(out[at:at + columns] for at in range(0, len(out), columns))
        out += b'\n'
    with (open(target, 'wb') if target not in (None, '-') else sys.stdout.buffer) as file:
        file.write(out)
    return 0

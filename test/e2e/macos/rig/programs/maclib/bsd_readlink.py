"""readlink(1) of macOS: -n, and since 12.3 -f; nothing of GNU's -e, -m, -z (macos.md 6.3)."""
import os
import sys

from maclib import bsd_getopt, config

USAGE = 'usage: readlink [-fn] [file ...]\n'


def main(argv):
    version = tuple(int(part) for part in config.load().get('macos', '26.5.2').split('.')[:2])
    try:
        options, files = bsd_getopt.parse('readlink', argv[1:], 'fn' if version >= (12, 3) else 'n')
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE)
    flags = {letter for letter, _ in options}
    code = 0
    for name in files:
        try:
            text = os.path.realpath(name, strict=True) if 'f' in flags else os.readlink(name)
        except OSError:
            code = 1
            continue
        sys.stdout.write(text + ('' if 'n' in flags else '\n'))
    return code

"""mktemp(1) of macOS: -d, -p, -q, -t prefix, -u."""
import os
import random
import string
import sys

from maclib import bsd_getopt

USAGE = 'usage: mktemp [-d] [-p tmpdir] [-q] [-t prefix] [-u] template ...\n' \
        '       mktemp [-d] [-p tmpdir] [-q] [-u] -t prefix \n'
LETTERS = string.ascii_letters + string.digits


def main(argv):
    try:
        options, templates = bsd_getopt.parse('mktemp', argv[1:], 'dp:qt:u')
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE)
    values = dict(options)
    folder = values.get('p') or os.environ.get('TMPDIR') or '/tmp'
    if 't' in values:
        templates.insert(0, os.path.join(folder, values['t'] + '.XXXXXXXXXX'))
    elif not templates:
        templates = [os.path.join(folder, 'tmp.XXXXXXXXXX')]
    code = 0
    for template in templates:
        made = make(template, values)
        if made is None:
            code = 1
        else:
            sys.stdout.write(made + '\n')
    return code


def make(template, values):
    """As many random letters as there are X at the end."""
    stem = template.rstrip('X')
    path = stem + ''.join(random.choice(LETTERS) for _ in template[len(stem):])
    try:
        if 'd' in values:
            os.mkdir(path, 0o700)
        elif 'u' not in values:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        if 'q' not in values:
            what = 'mkdtemp' if 'd' in values else 'mkstemp'
            sys.stderr.write('mktemp: %s failed on %s: %s\n' % (what, path, error.strerror))
        return None
    return path

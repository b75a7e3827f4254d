"""
Debian's own programs behind the option tables of macOS: an option that BSD's does not have is refused as BSD refuses it,
and what is left runs. `None` in the table (maclib/names.py) stands for programs whose options both systems share.
"""
import os
import sys

from maclib import bsd_getopt

DEBIAN = '/usr/local/libexec/debian'
USAGES = {
    'mv': 'usage: mv [-f | -i | -n] [-hv] source target\n       mv [-f | -i | -n] [-v] source ... directory\n',
    'mkdir': 'usage: mkdir [-pv] [-m mode] directory_name ...\n',
    'tee': 'usage: tee [-ai] [file ...]\n',
    'chown': 'usage: chown [-fhnvx] [-R [-H | -L | -P]] owner[:group] file ...\n'
             '       chown [-fhnvx] [-R [-H | -L | -P]] :group file ...\n',
    'rm': 'usage: rm [-f | -i] [-dIPRrvWx] file ...\n       unlink [--] file\n',
    'ls': 'usage: ls [-@ABCFGHILOPRSTUWXabcdefghiklmnopqrstuvwxy1%,] [--color=when] [-D format] [file ...]\n',
    'cp': 'usage: cp [-R [-H | -L | -P]] [-fi | -n] [-aclpSsvXx] source_file target_file\n',
    'ln': 'usage: ln [-s [-F] | -L | -P] [-f | -i] [-hnv] source_file [target_file]\n',
}
EXIT = {'mv': 64, 'mkdir': 64, 'rm': 64, 'cp': 64, 'ls': 1, 'tee': 1, 'chown': 1, 'ln': 1}
# dd of macOS: operands, and no options at all.
DD = {'bs', 'cbs', 'conv', 'count', 'files', 'fillchar', 'ibs', 'if', 'iflag', 'iseek', 'obs', 'of', 'oflag', 'oseek',
      'seek', 'skip', 'speed', 'status'}
DD_CONV = {'ascii', 'block', 'ebcdic', 'fdatasync', 'fsync', 'ibm', 'lcase', 'noerror', 'notrunc', 'oldascii', 'osync',
           'pareven', 'parnone', 'parodd', 'parset', 'sparse', 'swab', 'sync', 'ucase', 'unblock'}
# GNU's words in programs that are not checked otherwise.
FOREIGN = {'find': ('-printf', '-fprintf', '-readable'), 'grep': ('-P', '-oP', '-Po', '-zP')}
LONG = {'ls': ('--color',), 'grep': ('--',), 'diff': ('--',), 'curl': ('--',), 'tar': ('--',), 'gzip': ('--',),
        'perl': ('--',), 'sort': ('--',), 'sudo': ('--',), 'bash': ('--',), 'sqlite3': ('--',)}


def main(argv):
    from maclib import names
    name = os.path.basename(argv[0])
    spec = names.STRICT[name]
    args = argv[1:]
    if name == 'dd':
        refused = dd(args)
        if refused:
            sys.stderr.write(refused)
            return 1
    elif name == 'which':
        return which(args)
    elif spec is not None:
        try:
            options, rest = bsd_getopt.parse(name, args, spec.replace(' ', ''))
        except bsd_getopt.Usage as error:
            return bsd_getopt.refuse(error, USAGES.get(name, 'usage: %s ...\n' % name), EXIT.get(name, 1))
        args = translated(name, options, rest)
    else:
        for word in args:
            if word in FOREIGN.get(name, ()):
                sys.stderr.write('%s: %s: unknown primary or operator\n' % (name, word) if name == 'find' else
                                 '%s: illegal option -- %s\n' % (name, word[1:]))
                return 1 if name == 'find' else 2
            if word.startswith('--') and word != '--' and name not in LONG:
                sys.stderr.write("%s: illegal option -- -\nusage: %s ...\n" % (name, name))
                return 1
    return run(name, args)


def run(name, args):
    """Becomes Debian's program."""
    name = {'awk': 'mawk'}.get(name, name)
    for folder in ('bin', 'sbin'):
        path = '%s/%s/%s' % (DEBIAN, folder, name)
        if os.path.exists(path):
            os.execv(path, [name, *args])
    sys.stderr.write('%s: command not found\n' % name)
    return 127


def dd(args):
    for word in args:
        if word == '--':
            continue
        key, sign, value = word.partition('=')
        if not sign or key not in DD:
            return 'dd: unknown operand %s\n' % (key or word)
        if key == 'conv' and set(value.split(',')) - DD_CONV:
            return 'dd: unknown conversion %s\n' % value
        if key == 'status' and value not in ('none', 'noxfer', 'progress'):
            return 'dd: unknown status %s\n' % value
        if key == 'bs' and value.endswith('M'):
            return 'dd: bs: illegal numeric value\n' if not value[:-1].isdigit() else ''
    return ''


def which(args):
    """Silent about what there is not, unlike Debian's, and without its options."""
    silent = '-s' in args
    missing = False
    for name in [word for word in args if not word.startswith('-')]:
        folders = [''] if '/' in name else [folder + '/' for folder in os.environ.get('PATH', '').split(':')]
        found = next((folder + name for folder in folders if os.access(folder + name, os.X_OK)), None)
        missing = missing or found is None
        if found and not silent:
            sys.stdout.write(found + '\n')
    return 1 if missing else 0


# The same letter, another meaning: BSD's option to GNU's.
LETTERS = {'mv': {'h': '-T'}, 'ln': {'h': '-n', 'F': '-f'}, 'rm': {'P': None, 'W': None, 'x': '--one-file-system'},
           'cp': {'c': None, 'X': None}, 'chown': {'x': None, 'n': None, 'v': '-v'},
           'chmod': {'h': None, 'E': None, 'C': None, 'N': None}, 'ls': {'G': '--color=auto', 'T': '--full-time', 'O': None,
           'e': None, '@': None, 'W': None, '%': None, 'b': '-b', 'w': '-N', 'y': None, 'P': None, 'I': None},
           'tee': {}, 'head': {}, 'tail': {'r': None, 'b': None}, 'touch': {'A': None}}


def translated(name, options, rest):
    words = []
    for letter, value in options:
        if name == 'sed' and letter in 'iI':
            words.append('-i' + value)
            continue
        word = LETTERS.get(name, {}).get(letter, '-' + letter)
        if word is not None:
            words.append(word)
            if value is not None:
                words.append(value)
    # BSD stops at the first operand; GNU would read options behind it.
    return [*words, '--', *rest] if rest and name not in ('basename', 'dirname') else [*words, *rest]

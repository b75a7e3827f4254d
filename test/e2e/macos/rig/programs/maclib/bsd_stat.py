"""stat(1) of BSD: -f with a format of its own, -x, -r, -s; no -c (macos.md 6.3, 9)."""
import grp
import os
import pwd
import re
import stat
import sys
import time

from maclib import bsd_getopt

USAGE = 'usage: stat [-FLnq] [-f format | -l | -r | -s | -x] [-t timefmt] [file ...]\n'
DIRECTIVE = re.compile(r'%([#+\-0 ]*)(\d*)(?:\.(\d+))?([DFHLMOSUX]*)([a-zA-Z%])')
SHELL = 'st_dev=%d st_ino=%i st_mode=0%p st_nlink=%l st_uid=%u st_gid=%g st_rdev=%r st_size=%z st_atime=%a ' \
        'st_mtime=%m st_ctime=%c st_birthtime=%B st_blksize=%k st_blocks=%b st_flags=%f'
LONG = '%Sp %l %Su %Sg %z %Sm %N%SY'
KINDS = {'-': 'Regular File', 'd': 'Directory', 'l': 'Symbolic Link', 'c': 'Character Device', 'b': 'Block Device',
         'p': 'Fifo File', 's': 'Socket'}


def main(argv):
    try:
        options, files = bsd_getopt.parse('stat', argv[1:], 'Ff:LlnqrsTt:x')
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE)
    flags = {letter for letter, _ in options}
    given = [value for letter, value in options if letter == 'f']
    pattern = given[-1] if given else SHELL if 's' in flags else LONG
    times = [value for letter, value in options if letter == 't'] or ['%b %e %T %Y']
    code = 0
    for name in files or ['(stdin)']:
        try:
            status = os.fstat(0) if not files else (os.stat if 'L' in flags else os.lstat)(name)
        except OSError as error:
            if 'q' not in flags:
                sys.stderr.write('stat: %s: %s: %s\n' % (name, 'stat' if 'L' in flags else 'lstat', error.strerror))
            code = 1
            continue
        text = DIRECTIVE.sub(lambda found: value(found, name, status, times[-1]), pattern)
        sys.stdout.write(text)
        if 'n' not in flags:
            sys.stdout.write('\n')
    return code


def value(found, name, status, times):
    flags, size, _, form, letter = found.groups()
    text = str(shown(letter, form, name, status, times))
    if form in ('', 'D', 'O', 'X') and '0' in flags and size:
        return text.rjust(int(size), '0')
    return (text.ljust if '-' in flags else text.rjust)(int(size)) if size else text


def shown(letter, form, name, status, times):
    """What stands behind one directive."""
    as_text = 'S' in form
    if letter == '%':
        return '%'
    if letter == 'N':
        return name
    if letter in 'ug':
        return owner(letter, status, as_text)
    if letter == 'p':
        return mode(form, status)
    if letter in 'amcB':
        moment = {'a': status.st_atime, 'm': status.st_mtime, 'c': status.st_ctime, 'B': status.st_ctime}[letter]
        if 'F' in form:
            return '%.9f' % moment
        return time.strftime(times, time.localtime(moment)) if as_text else int(moment)
    if letter == 'T':
        kind = stat.filemode(status.st_mode)[0]
        return KINDS.get(kind, '?') if 'H' in form else {'-': '', 'd': '/', 'l': '@'}.get(kind, '')
    if letter == 'Y':
        return (' -> ' if as_text else '') + os.readlink(name) if stat.S_ISLNK(status.st_mode) else ''
    if letter in 'HL':
        return ''
    numbers = {'d': status.st_dev, 'i': status.st_ino, 'l': status.st_nlink, 'z': status.st_size, 'r': status.st_rdev,
               'k': status.st_blksize, 'b': status.st_blocks, 'f': 0, 'v': 0}
    if letter == 'f' and as_text:
        return '-'
    return numbers.get(letter, '')


def owner(letter, status, as_text):
    number = status.st_uid if letter == 'u' else status.st_gid
    if not as_text:
        return number
    try:
        return pwd.getpwuid(number).pw_name if letter == 'u' else grp.getgrgid(number).gr_name
    except KeyError:
        return '(%d)' % number


def mode(form, status):
    if 'S' in form:
        return stat.filemode(status.st_mode)
    if form == 'OL' or form == 'L':
        return '%03o' % (status.st_mode & 0o777)
    if form in ('OM', 'M'):
        return '%o' % ((status.st_mode >> 9) & 7)
    if form in ('OH', 'H'):
        return '%o' % (status.st_mode >> 12)
    return '%o' % status.st_mode

"""ps(1) of macOS: its options, its keywords, and its habit to cut the last column at the terminal's width (6.3)."""
import fcntl
import os
import pwd
import struct
import sys
import termios
import time

from maclib import bsd_getopt, processes
from maclib.processes import TICKS

SPEC = 'AaCcdEefG:g:hjLlMmO:o:p:rSTt:U:u:vwXx'
USAGE = 'usage: ps [-AaCcEefhjlMmrSTvwXx] [-O fmt | -o fmt] [-G gid[,gid...]]\n' \
        '          [-u]\n          [-p pid[,pid...]] [-t tty[,tty...]] [-U user[,user...]]\n       ps [-L]\n'
DEFAULT = ['pid', 'tty', 'time', 'command']
FULL = ['uid', 'pid', 'ppid', 'cpu', 'stime', 'tty', 'time', 'command']
USER = ['user', 'pid', '%cpu', '%mem', 'vsz', 'rss', 'tt', 'state', 'start', 'time', 'command']
LONG = ['uid', 'pid', 'ppid', 'cpu', 'pri', 'ni', 'vsz', 'rss', 'wchan', 'state', 'tt', 'time', 'command']
WIDE = ('command', 'args', 'comm', 'ucomm')


def started(each):
    with open('/proc/stat', encoding='ascii') as file:
        boot = next(int(line.split()[1]) for line in file if line.startswith('btime'))
    return boot + each.start_ticks / TICKS


def elapsed(each):
    seconds = max(0, int(time.time() - started(each)))
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    text = '%02d:%02d' % divmod(rest, 60)
    if days or hours:
        text = '%02d:%s' % (hours, text)
    return '%02d-%s' % (days, text) if days else text


def cpu_time(each):
    return '%d:%05.2f' % divmod(each.ticks / TICKS, 60)


# Keyword: heading, width (negative: to the left), value.
KEYWORDS = {
    'pid': ('PID', 5, lambda p: p.pid), 'ppid': ('PPID', 5, lambda p: p.ppid), 'pgid': ('PGID', 5, lambda p: p.pgid),
    'uid': ('UID', 5, lambda p: p.uid), 'ruid': ('RUID', 5, lambda p: p.ruid), 'gid': ('GID', 5, lambda p: p.gid),
    'user': ('USER', -16, lambda p: p.user), 'ruser': ('RUSER', -16, lambda p: pwd.getpwuid(p.ruid).pw_name),
    'args': ('ARGS', -16, lambda p: p.args), 'command': ('COMMAND', -16, lambda p: p.args),
    'comm': ('COMM', -16, lambda p: p.comm), 'ucomm': ('UCOMM', -16, lambda p: p.name),
    'lstart': ('STARTED', -28, lambda p: time.strftime('%a %b %e %T %Y', time.localtime(started(p)))),
    'start': ('STARTED', 7, lambda p: time.strftime('%I:%M%p', time.localtime(started(p)))),
    'stime': ('STIME', 7, lambda p: time.strftime('%I:%M%p', time.localtime(started(p)))),
    'etime': ('ELAPSED', 11, elapsed), 'time': ('TIME', 9, cpu_time), 'stat': ('STAT', -4, lambda p: p.state),
    'state': ('STAT', -4, lambda p: p.state), 'tty': ('TTY', -8, lambda p: '??'), 'tt': ('TT', -4, lambda p: '??'),
    '%cpu': ('%CPU', 5, lambda p: '0.0'), '%mem': ('%MEM', 4, lambda p: '0.1'), 'cpu': ('CPU', 3, lambda p: 0),
    'rss': ('RSS', 6, lambda p: p.rss), 'vsz': ('VSZ', 8, lambda p: p.vsz), 'pri': ('PRI', 3, lambda p: 31),
    'ni': ('NI', 2, lambda p: 0), 'sess': ('SESS', 6, lambda p: 0), 'wchan': ('WCHAN', -6, lambda p: '-'),
    'logname': ('LOGIN', -8, lambda p: p.user), 'pcpu': ('%CPU', 5, lambda p: '0.0'),
    'pmem': ('%MEM', 4, lambda p: '0.1'),
}


def main(argv):
    args = argv[1:]
    # `ps aux`: the first word of BSD's ps needs no dash.
    if args and not args[0].startswith('-') and not args[0][0].isdigit():
        args = ['-' + args[0], *args[1:]]
    try:
        options, rest = bsd_getopt.parse('ps', args, SPEC.replace('u:', 'u'))
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE)
    flags = ''.join(letter for letter, _ in options)
    try:
        columns = wanted(options, flags)
        shown = list(chosen(options, flags, rest))
    except ValueError as error:
        sys.stderr.write('ps: %s\n%s' % (error, USAGE if 'process id' in str(error) else ''))
        return 1
    write(columns, shown, flags)
    return 0 if shown else 1


def wanted(options, flags):
    """The columns: (keyword, heading or None)."""
    columns, unknown = [], []
    for letter, value in options:
        if letter not in 'oO':
            continue
        left = value
        while left:
            name, left = next_keyword(left)
            key, sign, heading = name.partition('=')
            if key not in KEYWORDS:
                sys.stderr.write('ps: %s: keyword not found\n' % key)
                unknown.append(key)
            else:
                columns.append((key, heading if sign else KEYWORDS[key][0]))
    if unknown and not columns:
        raise ValueError('no valid keywords; valid keywords:')
    if columns:
        return columns
    names = FULL if 'f' in flags else USER if 'u' in flags else LONG if 'l' in flags else DEFAULT
    return [(name, KEYWORDS[name][0]) for name in names]


def next_keyword(text):
    """A keyword ends at a comma or blank, but a heading of one's own goes to the end of the argument."""
    for place, letter in enumerate(text):
        if letter == '=' and place + 1 < len(text) and text[place + 1] not in ', ':
            return text, ''
        if letter in ', ':
            return text[:place], text[place + 1:].lstrip(', ')
    return text, ''


def chosen(options, flags, rest):
    everything = processes.all_of_them()
    numbers = [value for letter, value in options if letter == 'p'] + rest
    users = [value for letter, value in options if letter == 'U']
    asked = set()
    for value in numbers:
        for part in value.replace(',', ' ').split():
            if not part.isdigit():
                raise ValueError('illegal process id: %s' % part)
            asked.add(int(part))
    names = {name for value in users for name in value.replace(',', ' ').split()}
    for each in everything.values():
        if numbers or users:
            if each.pid in asked or each.user in names or str(each.uid) in names:
                yield each
        elif 'A' in flags or 'e' in flags or ('a' in flags and 'x' in flags):
            yield each
        elif each.uid == os.geteuid() and 'x' in flags:
            yield each


def width(flags):
    """79 columns without any terminal; -w makes it 131, and -ww lifts the limit."""
    if flags.count('w') > 1:
        return None
    columns = int(os.environ['COLUMNS']) if os.environ.get('COLUMNS', '').isdigit() else 79
    for stream in (1, 2, 0):
        try:
            size = struct.unpack('4H', fcntl.ioctl(stream, termios.TIOCGWINSZ, b'\0' * 8))[1]
        except OSError:
            continue
        columns = size - 1 if size else columns
        break
    return max(columns, 131) if 'w' in flags else columns


def write(columns, shown, flags):
    limit = width(flags)
    rows = [[str(KEYWORDS[key][2](each)) for key, _ in columns] for each in shown]
    if 'E' in flags:
        for row, each in zip(rows, shown):
            if columns[-1][0] in ('args', 'command') and (os.geteuid() in (0, each.uid)):
                row[-1] = ' '.join([row[-1], *each.environment])
    if any(heading for _, heading in columns):
        rows.insert(0, [heading for _, heading in columns])
    sizes = [max(abs(KEYWORDS[key][1]), *(len(row[place]) for row in rows), 0) if key not in WIDE else
             abs(KEYWORDS[key][1]) for place, (key, _) in enumerate(columns)] if rows else []
    for row in rows:
        cells = []
        for place, (key, _) in enumerate(columns):
            text, size = row[place], sizes[place]
            last = place == len(columns) - 1
            if KEYWORDS[key][1] > 0:
                cells.append(text.rjust(size))
            elif not last:
                cells.append((text[:size] if key in WIDE else text).ljust(size))
            else:
                left = None if limit is None else max(limit - sum(sizes[:-1]) - len(sizes) + 1, size)
                cells.append(text[:left])
        sys.stdout.write(' '.join(cells) + '\n')

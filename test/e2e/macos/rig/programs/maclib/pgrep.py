"""pgrep(1) and pkill(1) of BSD: by the accounting name, and without one's own ancestors unless -a (macos.md 6.3)."""
import os
import re
import signal
import sys

from maclib import bsd_getopt, processes

USAGE = 'usage: %s [-LafilnoqvxS] [-F pidfile] [-G gid] [-P ppid] [-U uid] [-d delim] [-g pgrp]\n' \
        '             [-t tty] [-u euid] pattern ...\n'
SPEC = 'F:G:ILM:N:P:SU:ad:fg:ilnoqt:u:vx'


def main(argv):
    name = os.path.basename(argv[0])
    args, number = argv[1:], signal.SIGTERM
    if name == 'pkill' and args and args[0].startswith('-'):
        told = signal_of(args[0][1:])
        if told is not None:
            number = told
            args = args[1:]
    try:
        options, patterns = bsd_getopt.parse(name, args, SPEC)
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE % name, 2)
    values = dict(options)
    if not patterns and not set(values) & set('FGPUgtu'):
        sys.stderr.write(USAGE % name)
        return 2
    try:
        found = select(values, patterns)
    except re.error as error:
        sys.stderr.write("%s: Cannot compile regular expression `%s' (%s)\n" % (name, patterns[0], error))
        return 2
    if name == 'pgrep':
        return listed(values, found)
    return signalled(found, number)


def signal_of(word):
    word = word.upper().removeprefix('SIG')
    if word.isdigit() and int(word) < 65:
        return int(word)
    return getattr(signal, 'SIG' + word, None) if len(word) > 1 else None


def users(text):
    import pwd
    return {int(each) if each.isdigit() else pwd.getpwnam(each).pw_uid for each in text.split(',')}


def select(values, patterns):
    everything = processes.all_of_them()
    own = {os.getpid()} if 'a' in values else processes.ancestors(everything)
    chosen = []
    for each in everything.values():
        if each.pid in own or each.pid == os.getpid():
            continue
        if 'u' in values and each.uid not in users(values['u']):
            continue
        if 'U' in values and each.ruid not in users(values['U']):
            continue
        if 'P' in values and str(each.ppid) not in values['P'].split(','):
            continue
        text = each.args if 'f' in values else each.name
        hit = not patterns or any(matches(pattern, text, values) for pattern in patterns)
        if hit != ('v' in values):
            chosen.append(each)
    if 'n' in values:
        return chosen[-1:]
    return chosen[:1] if 'o' in values else chosen


def matches(pattern, text, values):
    flags = re.I if 'i' in values else 0
    return (re.fullmatch if 'x' in values else re.search)(pattern, text, flags) is not None


def listed(values, found):
    if 'q' not in values:
        delimiter = values.get('d', '\n')
        rows = []
        for each in found:
            text = '%d' % each.pid
            if 'l' in values:
                text += ' ' + (each.args if 'f' in values else each.name)
            rows.append(text)
        if rows:
            sys.stdout.write(delimiter.join(rows) + '\n')
    return 0 if found else 1


def signalled(found, number):
    done = False
    for each in found:
        try:
            os.kill(each.pid, number)
            done = True
        except ProcessLookupError:
            pass
        except PermissionError:
            sys.stderr.write('pkill: signalling pid %d: Operation not permitted\n' % each.pid)
    return 0 if done else 1

"""killall(1) of BSD: by the exact name, one's own processes only unless root."""
import os
import signal
import sys

from maclib import processes
from maclib.pgrep import signal_of


def main(argv):
    number, names = signal.SIGTERM, []
    for word in argv[1:]:
        told = signal_of(word[1:]) if word.startswith('-') else None
        if told is not None:
            number = told
        elif word.startswith('-') and word not in ('-m', '-v', '-q', '-d', '-s', '-z', '-e'):
            sys.stderr.write('usage: killall [-delmsqvz] [-help] [-u user] [-t tty] [-c cmd] [-SIGNAL] [cmd]...\n')
            return 1
        elif not word.startswith('-'):
            names.append(word)
    found = [each for each in processes.all_of_them().values() if each.name in names and
             os.geteuid() in (0, each.uid)]
    for each in found:
        os.kill(each.pid, number)
    if not found:
        sys.stderr.write('No matching processes %s\n' % ('were found' if names else 'belonging to you were found'))
        return 1
    return 0

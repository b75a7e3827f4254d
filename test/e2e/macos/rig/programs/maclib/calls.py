"""The log of every call of an emulated program, which tests read (`mac.calls()`)."""
import os
import time
from _json import encode_basestring_ascii as quoted

LOG = '/var/db/mac/calls.jsonl'


def record(name, argv):
    """Writes down who was called, by whom, and with which words."""
    # Put together by hand: the json module alone would take as long to load as the rest of a small program.
    line = '{"program":%s,"path":%s,"args":%s,"uid":%d,"parent":%s,"at":%f}\n' % (
        quoted(name), quoted(argv[0]), words(argv[1:]), os.geteuid(), words(command_line(os.getppid())), time.time())
    try:
        handle = os.open(LOG, os.O_WRONLY | os.O_APPEND)
    except OSError:
        return
    os.write(handle, line.encode())
    os.close(handle)


def words(values):
    """A JSON array of strings."""
    return '[%s]' % ','.join(quoted(value) for value in values)


def command_line(pid):
    """The words of a process as the emulated `ps` shows them: without the interpreter of an emulated program."""
    try:
        with open('/proc/%d/cmdline' % pid, 'rb') as file:
            found = file.read().rstrip(b'\0').split(b'\0')
    except OSError:
        return []
    found = [word.decode('utf-8', 'replace') for word in found]
    if len(found) > 2 and found[0].endswith('/debian/bin/python3') and found[1] == '-IS':
        return found[2:]
    return found if found != [''] else []


def user_name():
    """The name of the user that this process belongs to."""
    import pwd
    return pwd.getpwuid(os.getuid()).pw_name

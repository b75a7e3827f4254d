"""launchctl itself: the emulated launchd does the work, but `asuser` runs its command here."""
import os
import pwd
import sys

from maclib import sessions
from maclib.calls import quoted, words


def main(argv):
    if len(argv) > 1 and argv[1] == 'asuser':
        return asuser(argv[2:])
    code, out, err = ask('{"op":"launchctl","argv":%s,"cwd":%s}' % (words(argv[1:]), quoted(os.getcwd())))
    os.write(1, out)
    os.write(2, err)
    return code


def ask(request):
    """
    As client.ask does, without the modules that take longest to load: this program is called more often than all others.
    The answer is a line with the exit code and the lengths of both texts, then the texts.
    """
    import _socket
    wire = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    wire.connect('/run/mac/launchd.sock')
    wire.sendall(request.encode() + b'\n')
    answer = b''
    while True:
        part = wire.recv(65536)
        if not part:
            break
        answer += part
    head, _, rest = answer.partition(b'\n')
    code, out, err = (int(each) for each in head.split())
    return code, rest[:out], rest[out:out + err]


def asuser(args):
    """Root only: the command runs in the bootstrap of the user's session, and still as root."""
    if len(args) < 2 or not args[0].isdigit():
        sys.stderr.write('Usage: launchctl asuser <UID> <program> [...]\n')
        return 64
    if os.geteuid() != 0:
        sys.stderr.write('Could not switch to audit session: 1: Operation not permitted\n')
        return 1
    from maclib import client
    state = client.ask(op='state')
    if 'gui/' + args[0] in state['domains']:
        sessions.mark(sessions.AQUA_AS_ROOT)
    elif 'user/' + args[0] in state['domains'] and known(int(args[0])):
        sessions.mark(sessions.BACKGROUND_AS_ROOT)
    else:
        sys.stderr.write('Could not find domain for user: %s\n' % args[0])
        return 125
    try:
        os.execvp(args[1], args[1:])
    except OSError as error:
        sys.stderr.write('%s: %s\n' % (args[1], error.strerror))
        return 127


def known(uid):
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True

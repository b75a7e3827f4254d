#!/usr/local/libexec/debian/bin/python3 -IS
# Every program that the emulated Mac has and Debian has not (or has otherwise) is a link to this file: the name it is
# called by says which one it is.
import os
import sys

LIBRARY = '/usr/local/libexec/mac'
sys.pycache_prefix = '/usr/local/libexec/mac-cache'
sys.path.insert(0, LIBRARY)

from maclib import calls, names  # noqa: E402


def forget_coercion():
    """Python puts LC_CTYPE into its environment when there is no locale; what it starts must not see that."""
    with open('/proc/self/environ', 'rb') as file:
        if b'LC_CTYPE=' not in file.read():
            os.environ.pop('LC_CTYPE', None)


if __name__ == '__main__':
    forget_coercion()
    name = os.path.basename(sys.argv[0])
    program = names.module(name)
    if program is None:
        sys.stderr.write('%s: no such program on this Mac\n' % name)
        sys.exit(127)
    if name not in names.SILENT:
        calls.record(name, sys.argv)
    try:
        sys.exit(program.main(sys.argv))
    except BrokenPipeError:
        os._exit(141)
    except KeyboardInterrupt:
        os._exit(130)

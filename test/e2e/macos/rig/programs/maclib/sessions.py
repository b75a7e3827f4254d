"""
Which session a process belongs to. On a Mac that is a port which a process inherits and which no environment can fake;
here it is the OOM score, which Linux lets processes inherit just so and which nothing else in the host uses.
"""
import os

AQUA = 110
AQUA_AS_ROOT = 120
BACKGROUND = 210
BACKGROUND_AS_ROOT = 220
SYSTEM = 310

NAMES = {AQUA: 'Aqua', AQUA_AS_ROOT: 'Aqua', BACKGROUND: 'Background', BACKGROUND_AS_ROOT: 'Background'}


def mark(session):
    """Puts this process, and all it will start, into a session."""
    with open('/proc/self/oom_score_adj', 'w', encoding='ascii') as file:
        file.write(str(session))


def of_process(pid):
    """The session of a process."""
    try:
        with open('/proc/%d/oom_score_adj' % pid, encoding='ascii') as file:
            value = int(file.read())
    except OSError:
        return SYSTEM
    return value if value in NAMES else SYSTEM


def own():
    return of_process(os.getpid())


def of_domain(domain):
    return {'gui': AQUA, 'user': BACKGROUND, 'system': SYSTEM}[domain.kind]


def temporary(uid):
    """A user's own TMPDIR."""
    return '/var/folders/%02d/mac%d/T/' % (uid % 100, uid)

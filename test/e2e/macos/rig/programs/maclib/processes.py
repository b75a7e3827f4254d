"""The processes of the Mac: all of the host but those that only Debian or the rig has (macos.md 5.1, 6.3)."""
import os
import pwd
import re

from maclib import calls

LINUX_ONLY = re.compile(
    r'^(\(sd-pam\)|/usr/lib/systemd/|/lib/systemd/|/usr/bin/dbus-daemon|/sbin/agetty|nsenter$|systemd-|'
    r'/usr/local/libexec/debian/bin/(?:setpriv|env|sh)$|/usr/bin/unshare$)'
)
LAUNCHD = '/usr/local/libexec/mac/launchd.py'
TICKS = os.sysconf('SC_CLK_TCK')


class Process:
    def __init__(self, pid):
        self.pid = pid
        with open('/proc/%d/stat' % pid, encoding='utf-8', errors='replace') as file:
            text = file.read()
        tail = text[text.rindex(')') + 2:].split()
        self.state = tail[0]
        self.ppid = int(tail[1])
        self.pgid = int(tail[2])
        self.ticks = int(tail[11]) + int(tail[12])
        self.start_ticks = int(tail[19])
        self.rss = int(tail[21]) * 4
        self.vsz = int(tail[20]) // 1024
        status = os.stat('/proc/%d' % pid)
        with open('/proc/%d/status' % pid, encoding='utf-8', errors='replace') as file:
            lines = file.read()
        self.ruid, self.uid = map(int, re.search(r'^Uid:\s+(\d+)\s+(\d+)', lines, re.M).groups())
        self.gid = status.st_gid
        self.words = calls.command_line(pid)
        self.fallback = text[text.index('(') + 1:text.rindex(')')]
        self.dead = self.state in ('Z', 'X')

    @property
    def name(self):
        """The accounting name: the last part of the program's name, 16 characters at most."""
        if self.pid == 1:
            return 'launchd'
        return os.path.basename(self.comm.lstrip('-'))[:16]

    @property
    def comm(self):
        """argv[0]: a full path for whatever launchd or a full path started, `-zsh` for a login shell."""
        if self.pid == 1:
            return '/sbin/launchd'
        if self.dead:
            return '(%s)' % self.fallback
        return self.words[0] if self.words else '(%s)' % self.fallback

    @property
    def args(self):
        if self.pid == 1 or self.dead or not self.words:
            return self.comm
        return ' '.join(self.words)

    @property
    def user(self):
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    @property
    def executable(self):
        """The file that runs; readable for one's own processes only."""
        first = self.words[0] if self.words else ''
        try:
            real = os.readlink('/proc/%d/exe' % self.pid)
        except OSError:
            return None
        return os.path.realpath(first) if '/debian/bin/python3' in real else real

    @property
    def environment(self):
        try:
            with open('/proc/%d/environ' % self.pid, 'rb') as file:
                return [word.decode('utf-8', 'replace') for word in file.read().split(b'\0') if word]
        except OSError:
            return []


def all_of_them():
    """Everything that a Mac would show, by number. launchd is number 1, and so is the parent of its jobs."""
    found = {}
    launchd = None
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            each = Process(int(entry))
        except (OSError, AttributeError, ValueError):
            continue
        if LAUNCHD in each.words[:3] or any(word.endswith('boot.py') for word in each.words[:4]):
            launchd = each.pid
            continue
        found[each.pid] = each
    shown = {}
    for each in found.values():
        if each.pid != 1 and linux_only(each):
            continue
        if each.ppid == launchd or each.ppid not in found or linux_only(found[each.ppid]):
            each.ppid = 1 if each.pid != 1 else 0
        shown[each.pid] = each
    return dict(sorted(shown.items()))


def linux_only(process):
    words = process.words
    if not words:
        return process.pid != 1 and not process.dead
    if len(words) > 2 and words[0] == '/usr/bin/python3' and words[1] == '-c':
        return True
    return LINUX_ONLY.search(words[0]) is not None


def ancestors(processes):
    """The calling process and all above it."""
    above, pid = set(), os.getpid()
    while pid in processes and pid not in above:
        above.add(pid)
        pid = processes[pid].ppid
    return above | {os.getpid()}

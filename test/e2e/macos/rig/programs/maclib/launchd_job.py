"""One job of the emulated launchd: a copy of its definition, and the process that runs it (macos.md 2.2, 2.3)."""
import os
import signal
import time

from maclib import config, launchd_spawn

EX_CONFIG = 78


class Job:
    """A label that is loaded in a domain. `definition` is the copy made at bootstrap: later edits do not reach it."""

    def __init__(self, launchd, domain, definition, path):
        self.launchd = launchd
        self.domain = domain
        self.definition = definition
        self.path = path
        self.label = definition['Label']
        self.pid = None
        self.runs = 0
        self.wait_status = None
        self.last_start = None
        self.timer = None
        self.draining = False
        self.drain_until = 0.0

    @property
    def arguments(self):
        return self.definition.get('ProgramArguments') or [self.definition['Program']]

    @property
    def program(self):
        return self.definition.get('Program') or self.arguments[0]

    @property
    def minimum_runtime(self):
        return self.definition.get('ThrottleInterval', 10)

    @property
    def exit_timeout(self):
        return self.definition.get('ExitTimeOut', 5)

    @property
    def state(self):
        if self.pid is not None:
            return 'running'
        return 'spawn scheduled' if self.timer is not None else 'not running'

    def wants_to_run(self):
        """Whether KeepAlive asks for another run after what has happened so far."""
        rule = self.definition.get('KeepAlive', False)
        if not isinstance(rule, dict):
            return bool(rule)
        if self.wait_status is None:
            return True
        if 'SuccessfulExit' in rule and (self.wait_status == 0) == rule['SuccessfulExit']:
            return True
        if 'Crashed' in rule and os.WIFSIGNALED(self.wait_status) == rule['Crashed']:
            return True
        return not rule.keys() & {'SuccessfulExit', 'Crashed'}

    def begin(self):
        """What follows at once from being loaded."""
        if self.definition.get('RunAtLoad') or self.wants_to_run():
            self.start()

    def start(self):
        """Starts the program now, unless it runs."""
        if self.pid is not None or self.draining:
            return
        self.cancel_timer()
        self.runs += 1
        self.last_start = time.monotonic()
        self.pid = launchd_spawn.spawn(self.domain, self.definition, self.program, self.arguments)
        self.launchd.jobs_by_pid[self.pid] = self

    def cancel_timer(self):
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def ended(self, wait_status):
        """The process is gone; launchd ends what is left of its process group (launchd.plist(5), AbandonProcessGroup)."""
        group, self.pid = self.pid, None
        if group is not None and not self.definition.get('AbandonProcessGroup'):
            try:
                os.killpg(group, signal.SIGTERM)
            except (ProcessLookupError, PermissionError):
                pass
        self.wait_status = wait_status
        if self.draining:
            self.finish_drain()
        elif self.definition.get('ends with its process'):
            self.domain.jobs.pop(self.label, None)
        elif self.wants_to_run():
            self.schedule()

    def schedule(self):
        """Another run, not sooner than the throttle allows after the last start."""
        due = self.last_start + self.minimum_runtime * config.scale()
        self.cancel_timer()
        self.timer = self.launchd.loop.call_later(max(0.0, due - time.monotonic()), self._due)

    def _due(self):
        self.timer = None
        self.start()

    def restart(self):
        """kickstart -k: the same definition again, at once."""
        if self.pid is None:
            self.start()
            return
        pid = self.pid
        self.kill()
        self.launchd.wait_for_end(pid)
        self.cancel_timer()
        self.start()

    def signal(self, number):
        if self.pid is not None:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """SIGTERM now, SIGKILL when the exit timeout has passed."""
        pid = self.pid
        self.signal(signal.SIGTERM)

        def still_there():
            if self.pid == pid:
                self.signal(signal.SIGKILL)

        self.launchd.loop.call_later(self.exit_timeout * config.scale(), still_there)

    def drain(self, seconds):
        """bootout: the label stays until the process is gone, and for a while after it was asked to go."""
        self.cancel_timer()
        self.draining = True
        self.drain_until = time.monotonic() + (seconds if self.pid is not None else 0.0)
        if self.pid is not None:
            self.kill()
        else:
            self.finish_drain()

    def finish_drain(self):
        left = self.drain_until - time.monotonic()
        if left <= 0:
            self.domain.jobs.pop(self.label, None)
        else:
            self.launchd.loop.call_later(left, lambda: self.domain.jobs.pop(self.label, None))

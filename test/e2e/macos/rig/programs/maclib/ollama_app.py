"""
Ollama.app's main process, Contents/MacOS/Ollama: its settings, its server child and how it ends (macos.md 3.2-3.5).
Kept as ollama:app/ has it: the settings are read anew for every child, and it does not matter why the last one ended.
"""
import os
import signal
import subprocess
import sys
import threading
import time

from maclib import calls, client, config, ollama_db, processes

LOGS = '.ollama/logs'


class App:
    def __init__(self, argv):
        self.home = os.environ['HOME']
        self.bundle = os.path.abspath(argv[0]).split('/Contents/')[0]
        settings = config.load()
        self.scale = settings.get('scale', 0.1)
        version = settings.get('app', {}).get('version', '0.32.15')
        self.version = tuple(int(part) for part in version.split('-')[0].split('.')[:3])
        self.schema = settings.get('app', {}).get('schema', 17)
        self.child = None
        self.stopping = threading.Event()
        self.reaped = False
        os.makedirs(os.path.join(self.home, LOGS), exist_ok=True)

    @property
    def electron(self):
        """Up to 0.9.6: no database, and the environment is passed on as it is."""
        return self.version < (0, 10, 0)

    @property
    def support(self):
        return self.home + '/Library/Application Support/Ollama'

    def log(self, text):
        with open('%s/%s/app.log' % (self.home, LOGS), 'a', encoding='utf-8') as file:
            file.write('time=%s level=INFO %s\n' % (time.strftime('%FT%T'), text))

    def take_over(self):
        """Only one instance: the new one tells the old one to go."""
        mine = '/Contents/MacOS/Ollama'
        for each in processes.all_of_them().values():
            first = each.words[0] if each.words else ''
            if each.pid != os.getpid() and first.endswith(mine) and each.uid == os.getuid():
                os.kill(each.pid, signal.SIGUSR1 if self.version >= (0, 33, 0) else signal.SIGTERM)
                self.wait_gone(each.pid, 6.0)

    def wait_gone(self, pid, seconds):
        deadline = time.monotonic() + seconds
        while os.path.exists('/proc/%d/environ' % pid) and time.monotonic() < deadline:
            time.sleep(0.01)

    def rotate(self):
        """server.log becomes server-1.log and so on, up to 5, each time the app starts."""
        stem = '%s/%s/server' % (self.home, LOGS)
        for number in range(5, 0, -1):
            older = '%s-%d.log' % (stem, number)
            newer = stem + ('-%d.log' % (number - 1) if number > 1 else '.log')
            if os.path.exists(newer):
                os.replace(newer, older)

    def end(self, pid, seconds=5.0):
        """SIGINT, five seconds, SIGKILL."""
        try:
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + seconds * self.scale
            while time.monotonic() < deadline and self.alive(pid):
                time.sleep(0.01)
            if self.alive(pid):
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def alive(self, pid):
        if self.child is not None and self.child.pid == pid:
            return self.child.poll() is None
        try:
            with open('/proc/%d/stat' % pid, encoding='ascii', errors='replace') as file:
                return ') Z ' not in file.read()
        except OSError:
            return False

    def clean_up(self):
        """
        The child of an earlier run, by the pid file, which can be stale. The real app ends whatever has that number; here
        numbers begin anew at each boot, so that it would too often be the app itself: only a server is ended.
        """
        try:
            with open(self.support + '/ollama.pid', encoding='ascii') as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return
        if self.alive(pid) and calls.command_line(pid)[1:] == ['serve']:
            self.end(pid)
        os.unlink(self.support + '/ollama.pid')

    def environment(self):
        """The app's own environment, overruled by the settings row; Expose beats every inherited value."""
        env = dict(os.environ)
        if self.electron:
            return env
        row = ollama_db.settings(self.support, self.schema)
        if row['expose']:
            env['OLLAMA_HOST'] = '0.0.0.0'
        if row.get('browser'):
            env['OLLAMA_ORIGINS'] = '*'
        if row.get('models') and os.path.exists(row['models']):
            env['OLLAMA_MODELS'] = row['models']
        if (row.get('context_length') or 0) > 0:
            env['OLLAMA_CONTEXT_LENGTH'] = str(row['context_length'])
        env['OLLAMA_NO_CLOUD'] = '0'
        return env

    def serve_once(self):
        """One child, from start to end; its exit code."""
        program = self.bundle + '/Contents/Resources/ollama'
        env = self.environment()
        with open('%s/%s/server.log' % (self.home, LOGS), 'ab') as log:
            self.child = subprocess.Popen([program, 'serve'], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with open(self.support + '/ollama.pid', 'w', encoding='ascii') as file:
            file.write(str(self.child.pid))
        return self.child.wait()

    def reap(self):
        """Once a run: whoever else runs `ollama serve` is told to end."""
        self.reaped = True
        for each in processes.all_of_them().values():
            if each.name == 'ollama' and each.words[1:2] and each.words[1] in ('serve', 'start'):
                self.log('reaping %d' % each.pid)
                try:
                    os.kill(each.pid, signal.SIGTERM)
                except OSError:
                    pass

    def run(self):
        """The server loop; an error in the settings ends it, and then there is no server at all (3.3)."""
        os.makedirs(self.support, exist_ok=True)
        self.rotate()
        self.clean_up()
        while not self.stopping.wait(1.0 * self.scale):
            try:
                code = self.serve_once()
            except ollama_db.Unreadable as error:
                self.log('level=ERROR %s' % error)
                self.stopping.wait()
                return
            self.log('ollama exited code=%s' % code)
            if code == 1 and not self.reaped and not self.stopping.is_set():
                self.reap()

    def quit(self, *_):
        self.stopping.set()
        if self.child is not None and self.child.poll() is None:
            self.end(self.child.pid)


def main(argv):
    if not os.environ.get('HOME'):
        return 1
    app = App(argv)
    app.take_over()
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, lambda *_: done.set())
    if not app.electron:
        ollama_db.create(app.support, app.schema)
        name = calls.user_name()
        client.ask(op='register login item', user=name, bundle=app.bundle)
    worker = threading.Thread(target=app.run, daemon=True)
    worker.start()
    while not done.wait(0.05):
        pass
    app.quit()
    worker.join(timeout=2.0)
    sys.stdout.flush()
    return 0

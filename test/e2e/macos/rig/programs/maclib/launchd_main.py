"""The emulated launchd: one thread, one socket; every request is a line of JSON and so is the answer."""
import asyncio
import json
import os
import signal
import socket
import struct
import time

from maclib import client, config, launchd_control, launchd_domains, launchd_login, launchd_verbs, sessions

LOG = '/var/log/mac-launchd.log'


class Caller:
    """Who asks: taken from the socket, so nobody can pretend."""

    def __init__(self, pid, uid):
        self.pid = pid
        self.uid = uid
        self.session = sessions.of_process(pid) if pid > 0 else sessions.SYSTEM


class Launchd:
    def __init__(self, loop):
        self.loop = loop
        self.domains = {'system': launchd_domains.Domain(self, 'system')}
        self.jobs_by_pid = {}
        self.counters = {}

    def log(self, text):
        with open(LOG, 'a', encoding='utf-8') as file:
            file.write(text + '\n')

    def ensure_user(self, uid):
        """user/UID exists from the first login of any kind on."""
        name = 'user/%d' % uid
        if name not in self.domains:
            self.domains[name] = launchd_domains.Domain(self, 'user', uid)
        return self.domains[name]

    def counted(self, fault):
        """Whether a fault that was asked for N times (or `true`: for good) strikes this time."""
        told = config.fault(fault, 0)
        if told is True or told == 'always':
            return True
        seen = self.counters.get(fault, 0)
        self.counters[fault] = seen + 1
        return seen < (told or 0)

    def reap(self):
        """Fetches what has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._ended(pid, status)

    def _ended(self, pid, status):
        job = self.jobs_by_pid.pop(pid, None)
        if job is not None and job.pid == pid:
            job.ended(status)

    def wait_for_end(self, pid):
        """Waits until a process that was told to end has ended; it is killed when it takes its time."""
        deadline = time.monotonic() + 5 * config.scale()
        while pid in self.jobs_by_pid:
            try:
                done, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                done, status = pid, 0
            if done:
                self._ended(pid, status)
                return
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)

    def end_session(self, uid):
        """Ends what a user still has running in the graphical session, whoever started it."""
        for entry in os.listdir('/proc'):
            if not entry.isdigit() or sessions.of_process(int(entry)) != sessions.AQUA:
                continue
            try:
                if os.stat('/proc/' + entry).st_uid == uid:
                    os.kill(int(entry), signal.SIGKILL)
            except OSError:
                pass

    def boot(self):
        """Starts the daemons, and logs somebody in when the Mac is to do that by itself."""
        self.domains['system'].load_folder('/Library/LaunchDaemons')
        name = config.load().get('console')
        if name is not None:
            launchd_login.login(self, name)

    def answer(self, request, caller):
        if caller.uid >= 500 and caller.session != sessions.SYSTEM:
            self.ensure_user(caller.uid)
        if request['op'] == 'launchctl':
            return launchd_verbs.run(self, caller, request['argv'], request['cwd'])
        return launchd_control.run(self, caller, request)

    async def serve(self, reader, writer):
        try:
            line = await reader.readline()
            if line:
                peer = writer.get_extra_info('socket')
                pid, uid, _ = struct.unpack('3i', peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                request = json.loads(line)
                answer = self.answer(request, Caller(pid, uid))
                writer.write(plain(answer) if request['op'] == 'launchctl' else json.dumps(answer).encode() + b'\n')
                await writer.drain()
        except Exception as error:  # noqa: BLE001 - the test must see it
            import traceback
            self.log(traceback.format_exc())
            answer = {'code': 70, 'stdout': '', 'stderr': 'emulation: %r\n' % error}
            writer.write(plain(answer) if b'"launchctl"' in line else json.dumps(answer).encode() + b'\n')
        finally:
            writer.close()


def plain(answer):
    """The answer for launchctl: a line of numbers and the two texts (see maclib/launchctl.py)."""
    out, err = answer['stdout'].encode(), answer['stderr'].encode()
    return b'%d %d %d\n' % (answer['code'], len(out), len(err)) + out + err


async def main():
    loop = asyncio.get_running_loop()
    launchd = Launchd(loop)
    loop.add_signal_handler(signal.SIGCHLD, launchd.reap)
    if os.path.exists(client.SOCKET):
        os.unlink(client.SOCKET)
    server = await asyncio.start_unix_server(launchd.serve, client.SOCKET, limit=1 << 24)
    os.chmod(client.SOCKET, 0o666)
    launchd.boot()
    with open('/run/mac/ready.draft', 'w', encoding='ascii') as file:
        file.write(str(os.getpid()))
    os.replace('/run/mac/ready.draft', '/run/mac/ready')
    async with server:
        await server.serve_forever()


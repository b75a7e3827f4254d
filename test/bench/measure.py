"""Times commands in turns inside a host, and the longest time for which nobody could connect while each ran.

Reads {"rounds": N, "commands": [{"name", "argv", "before"?: argv}]} and prints {"name": [[seconds, gap, peak], ...]};
the peak of resident memory is in MiB.
"""
import json
import os
import socket
import subprocess
import sys
import threading
import time

QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Client(threading.Thread):
    """Connects every 2 ms, and keeps the longest gap between two connections that were accepted."""

    def __init__(self):
        super().__init__(daemon=True)
        self.last, self.gap, self.ended = time.perf_counter(), 0.0, False

    def run(self):
        while not self.ended:
            try:
                socket.create_connection(("127.0.0.1", 11434), 0.5).close()
                now = time.perf_counter()
                self.gap, self.last = max(self.gap, now - self.last), now
            except OSError:
                pass
            time.sleep(0.002)


def once(command, watch):
    if "before" in command:
        subprocess.run(command["before"], check=True, **QUIET)
        time.sleep(0.3)
    client = Client() if watch else None
    if client:
        client.start()
    start = time.perf_counter()
    child = subprocess.Popen(command["argv"], **QUIET)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0 and command.get("check", True):
        raise SystemExit(f"{command['argv']}: exit code {child.returncode}")
    peak = usage.ru_maxrss / 1024
    if not client:
        return [seconds, 0, peak]
    time.sleep(0.1)
    client.ended = True
    client.join()
    return [seconds, client.gap, peak]


job = json.load(sys.stdin)
results = {command["name"]: [] for command in job["commands"]}
for _ in range(job["rounds"]):
    for command in job["commands"]:
        results[command["name"]].append(once(command, job.get("watch", False)))
print(json.dumps(results))

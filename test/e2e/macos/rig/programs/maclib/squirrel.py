"""The login item's program: starts the app hidden and waits for its end (macos.md 3.5)."""
import os
import signal
import subprocess


def main(argv):
    bundle = os.path.abspath(argv[0]).split('/Contents/')[0]
    child = subprocess.Popen([bundle + '/Contents/MacOS/Ollama', 'hidden'])
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    child.wait()
    return 0

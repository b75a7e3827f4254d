"""Talks to the emulated launchd."""
import json
import socket

SOCKET = '/run/mac/launchd.sock'


def ask(**request):
    """One request, one answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        wire.connect(SOCKET)
        wire.sendall(json.dumps(request).encode() + b'\n')
        with wire.makefile('rb') as answers:
            return json.loads(answers.readline())

#!/usr/bin/env python3
"""Asks a real systemd what it makes of the cases in fixtures/recorded.json, and prints them with its answers.

Run as root on a host that may be littered with units called probe-*; they are removed afterwards:

    python3 record.py < fixtures/recorded.json > answered.json

Each case is {"name", "unit", "files": {path: text}, "links": {path: target}} and may say in "value" what VAR must be;
the answer is written to "real":
what `systemctl show` says, the environment of the started process (null if it did not start), and the log lines
about the configuration as [path, line, message].
"""
import json
import os
import re
import shutil
import subprocess
import sys

PROPERTIES = 'Id,Names,LoadState,FragmentPath,DropInPaths,Environment,EnvironmentFiles,UnsetEnvironment'
OUT = '/run/probe-out'


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, errors='surrogateescape')


def put(case):
    for path, text in case.get('files', {}).items():
        assert 'probe' in path, path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(text.encode('utf-8', 'surrogateescape'))
    for path, target in case.get('links', {}).items():
        assert 'probe' in path, path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)


def take(case):
    for path in [*case.get('files', {}), *case.get('links', {})]:
        if os.path.lexists(path):
            os.unlink(path)
        folder = os.path.dirname(path)
        if 'probe' in os.path.basename(folder) and os.path.isdir(folder):
            shutil.rmtree(folder)
        elif folder.endswith('/service.d') and os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)


def log_since(cursor, unit):
    entries = run('journalctl', '--after-cursor', cursor, '-o', 'json', '--no-pager', '_PID=1').stdout
    found = []
    for line in entries.splitlines():
        message = json.loads(line).get('MESSAGE')
        if isinstance(message, list):
            message = bytes(message).decode('utf-8', 'surrogateescape')
        place = re.match(r'(/\S*probe\S*?):(\d+): (.*)', message or '', re.S)
        if place:
            found.append([place[1], int(place[2]), place[3]])
        elif message and 'invalid environment assignment' in message:
            found.append([None, 0, message.removeprefix(unit + ': ')])
    unique = []
    for entry in found:
        if entry not in unique:
            unique.append(entry)
    return unique


def cursor():
    run('journalctl', '--sync')
    shown = run('journalctl', '-n', '1', '--show-cursor', '-q', '--no-pager').stdout
    return re.search(r'-- cursor: (.*)', shown)[1]


def answer(case):
    unit = case['unit']
    put(case)
    start = cursor()
    run('systemctl', 'daemon-reload')
    show = run('systemctl', 'show', unit, '-p', PROPERTIES).stdout
    out = f'{OUT}/{unit.removesuffix(".service")}'
    if os.path.exists(out):
        os.unlink(out)
    started = run('systemctl', 'start', unit)
    environment = None
    if started.returncode == 0 and os.path.exists(out):
        with open(out, 'rb') as file:
            words = file.read().decode('utf-8', 'surrogateescape').split('\0')
        environment = dict(word.split('=', 1) for word in words if '=' in word)
        for name in ('LANG', 'PATH', 'INVOCATION_ID', 'SYSTEMD_EXEC_PID', 'JOURNAL_STREAM', 'LOGNAME', 'USER', 'HOME', 'SHELL'):
            environment.pop(name, None)
    run('journalctl', '--sync')
    case['real'] = {'show': show, 'environment': environment, 'log': log_since(start, unit)}
    run('systemctl', 'stop', unit)
    run('systemctl', 'reset-failed', unit)
    take(case)


def main():
    recorded = json.load(sys.stdin)
    recorded['version'] = run('systemctl', '--version').stdout.splitlines()[0]
    os.makedirs(OUT, exist_ok=True)
    for case in recorded['cases']:
        try:
            answer(case)
        finally:
            take(case)
    shutil.rmtree(OUT)
    run('systemctl', 'daemon-reload')
    # One case per line, so that a change shows as one.
    cases = ',\n'.join(json.dumps(case) for case in recorded['cases'])
    print(f'{{\n"version": {json.dumps(recorded["version"])},\n"cases": [\n{cases}\n]\n}}')


main()

"""What kind of Mac this is, as the test asked for it. Read anew by each program, so that a test can change it."""
import json
import os

FILE = '/var/db/mac/config.json'


def load():
    """The whole configuration."""
    with open(FILE, encoding='utf-8') as file:
        return json.load(file)


def save(config):
    """Replaces the configuration."""
    draft = FILE + '.draft'
    with open(draft, 'w', encoding='utf-8') as file:
        json.dump(config, file)
    os.chmod(draft, 0o644)
    os.replace(draft, FILE)


def fault(name, default=None):
    """One of the fault switches."""
    return load().get('faults', {}).get(name, default)


def scale():
    """What times of the real thing are multiplied with."""
    return load().get('scale', 0.1)

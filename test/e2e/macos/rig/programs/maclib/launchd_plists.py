"""What launchd looks at before it takes a property list (macos.md 2.3, 5.2, 7.1)."""
import os
import plistlib
import stat

NO_RIGHTS = 0o022
ALL_READ = 0o044


class Refused(Exception):
    """launchd does not take the file; `code` is what bootstrap says."""

    def __init__(self, why, code=5):
        super().__init__(why)
        self.code = code


def read(path, domain):
    """The definition in a file, for a domain; raises Refused."""
    try:
        status = os.stat(path)
    except OSError:
        raise Refused('no such file') from None
    if not stat.S_ISREG(status.st_mode):
        raise Refused('not a regular file')
    if status.st_mode & NO_RIGHTS:
        raise Refused('group or others may write')
    if status.st_mode & ALL_READ != ALL_READ:
        raise Refused('not readable by all')
    if domain.kind == 'system' and status.st_uid != 0:
        raise Refused('not owned by root')
    if domain.kind != 'system' and status.st_uid not in (0, domain.uid):
        raise Refused('owned by somebody else')
    definition = parse(path)
    check(definition, domain)
    return definition


def parse(path):
    """launchd takes XML and binary property lists and no others."""
    with open(path, 'rb') as file:
        data = file.read()
    try:
        return plistlib.loads(data)
    except Exception:
        raise Refused('malformed') from None


def check(definition, domain):
    """Whether the keys that every job needs are there, and whether it is meant for this kind of session."""
    if not isinstance(definition, dict) or not isinstance(definition.get('Label'), str) or not definition['Label']:
        raise Refused('no label')
    words = definition.get('ProgramArguments')
    if 'Program' not in definition and not words:
        raise Refused('no program')
    if words is not None and not (isinstance(words, list) and words and all(isinstance(word, str) for word in words)):
        raise Refused('malformed arguments')
    environment = definition.get('EnvironmentVariables', {})
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        raise Refused('malformed environment')
    if not meant_for(definition, domain):
        raise Refused('not for this kind of session', 134)


def meant_for(definition, domain):
    """LimitLoadToSessionType against the domain; without it, agents are for Aqua."""
    types = definition.get('LimitLoadToSessionType', 'Aqua' if domain.kind != 'system' else 'System')
    wanted = {'gui': 'Aqua', 'user': 'Background', 'system': 'System'}[domain.kind]
    return wanted in ([types] if isinstance(types, str) else types)

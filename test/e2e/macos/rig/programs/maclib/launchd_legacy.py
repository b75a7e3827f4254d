"""The verbs without a target: they act on the domain of the caller's session (macos.md 2.2, 2.5)."""
import os
import signal

from maclib import config, launchd_plists, sessions
from maclib.launchd_call import Answer


def domain(call):
    """Root's is the system's; a user's is the graphical one in an Aqua session and his background one elsewhere."""
    caller, domains = call.caller, call.launchd.domains
    if caller.session == sessions.AQUA_AS_ROOT or (caller.session == sessions.AQUA and caller.uid != 0):
        for each in domains.values():
            if each.kind == 'gui':
                return each
    if caller.session == sessions.BACKGROUND_AS_ROOT:
        for each in domains.values():
            if each.kind == 'user':
                return each
    return domains['system'] if caller.uid == 0 else call.launchd.ensure_user(caller.uid)


def one_label(call):
    return call.words(1, '<label>')[0]


def stop(call):
    job = domain(call).jobs.get(one_label(call))
    if job is None or job.pid is None:
        raise Answer(3, '')
    job.signal(signal.SIGTERM)


def start(call):
    job = domain(call).jobs.get(one_label(call))
    if job is None:
        raise Answer(3, '')
    job.start()


def remove(call):
    job = domain(call).jobs.get(one_label(call))
    if job is not None and not job.draining:
        job.drain(config.fault('drainSeconds', 3 * config.scale()))


def options(call):
    """The words of load and unload: whether -w is among them, and the paths."""
    flags = [word for word in call.args if word.startswith('-')]
    if any(flag not in ('-w', '-F', '-wF', '-Fw') for flag in flags):
        raise call.usage('[-wF] <service-path, service-path2, ...>')
    paths = [word for word in call.args if not word.startswith('-')]
    if not paths:
        raise call.usage('[-wF] <service-path, service-path2, ...>')
    return any('w' in flag for flag in flags), [call.path(path) for path in paths]


def legacy_failure(call, what, path):
    """The exit code of the old verbs is unreliable: 5 on new systems, 0 on old ones."""
    verb = 'bootstrap' if what == 'Load' else 'bootout'
    if config.fault('legacyExit', 5) == 0:
        return Answer(0, '%s: service already loaded\n' % path if what == 'Load' else '')
    text = '%s failed: 5: Input/output error\nTry running `launchctl %s` as root for richer errors.\n'
    return Answer(5, text % (what, verb))


def load(call):
    write, paths = options(call)
    where = domain(call)
    for path in paths:
        if not os.path.exists(path):
            raise legacy_failure(call, 'Load', path)
        try:
            definition = launchd_plists.read(path, where)
        except launchd_plists.Refused:
            raise legacy_failure(call, 'Load', path) from None
        label = definition['Label']
        if write:
            where.set_disabled(label, False)
        if label in where.jobs or where.is_disabled(label):
            raise legacy_failure(call, 'Load', path)
        where.load(path, definition)


def unload(call):
    write, paths = options(call)
    where = domain(call)
    for path in paths:
        try:
            label = launchd_plists.parse(path)['Label']
        except (OSError, launchd_plists.Refused, KeyError, TypeError):
            raise legacy_failure(call, 'Unload', path) from None
        if write:
            where.set_disabled(label, True)
        job = where.jobs.get(label)
        if job is None:
            raise legacy_failure(call, 'Unload', path)
        job.drain(config.fault('drainSeconds', 3 * config.scale()))


def setenv(call):
    if not call.args or len(call.args) % 2 != 0:
        raise call.usage('<key> <value>, [<key>, <value>, ...]')
    if config.fault('setenvRefused', False):
        raise Answer(1, 'Not privileged to set domain environment.\n')
    where = domain(call)
    for key, value in zip(call.args[::2], call.args[1::2]):
        where.environment[key] = value


def unsetenv(call):
    if not call.args:
        raise call.usage('<key>, [<key>, ...]')
    for key in call.args:
        domain(call).environment.pop(key, None)


def getenv(call):
    [key] = call.words(1, '<key>')
    value = domain(call).environment.get(key)
    return '' if value is None else value + '\n'


VERBS = {
    'stop': stop,
    'start': start,
    'remove': remove,
    'load': load,
    'unload': unload,
    'setenv': setenv,
    'unsetenv': unsetenv,
    'getenv': getenv,
}

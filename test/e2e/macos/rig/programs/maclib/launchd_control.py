"""Requests of the test rig and of the emulated programs that need launchd's eyes or hands."""
from maclib import config, launchd_login, launchd_sockets, sessions


def run(launchd, caller, request):
    """One request that is no launchctl verb."""
    return REQUESTS[request['op']](launchd, caller, request)


def state(launchd, caller, request):
    """Everything that is loaded, for a test."""
    loaded = {}
    for domain in launchd.domains.values():
        for job in domain.jobs.values():
            loaded['%s/%s' % (domain.name, job.label)] = {
                'path': job.path,
                'pid': job.pid,
                'runs': job.runs,
                'state': job.state,
                'draining': job.draining,
                'waitStatus': job.wait_status,
                'arguments': job.arguments,
                'environment': job.definition.get('EnvironmentVariables', {}),
            }
    return {
        'domains': list(launchd.domains),
        'loaded': loaded,
        'disabled': {name: domain.overrides() for name, domain in launchd.domains.items()},
        'setenv': {name: domain.environment for name, domain in launchd.domains.items()},
    }


def configure(launchd, caller, request):
    """Changes the configuration; only the rig itself may."""
    if caller.uid != 0:
        return {'error': 'not permitted'}
    settings = config.load()
    for key, value in request['values'].items():
        if isinstance(value, dict) and isinstance(settings.get(key), dict):
            settings[key] = {**settings[key], **value}
        else:
            settings[key] = value
    config.save(settings)
    for name in request['values'].get('faults', {}):
        launchd.counters.pop(name, None)
    return {}


def login(launchd, caller, request):
    launchd_login.login(launchd, request['user'])
    return {}


def logout(launchd, caller, request):
    launchd_login.logout(launchd)
    return {}


def launch(launchd, caller, request):
    """`open`: starts an application in the graphical session, with the environment of whoever asked (3.4)."""
    gui = launchd.domains.get('gui/%d' % caller.uid)
    if gui is None or caller.session not in (sessions.AQUA, sessions.AQUA_AS_ROOT):
        return {'error': 'no session'}
    for job in gui.jobs.values():
        if job.pid is not None and job.program == request['program']:
            return {'pid': job.pid}
    number = len(launchd.jobs_by_pid) + launchd.counters.get('launched', 0) + 5000
    launchd.counters['launched'] = launchd.counters.get('launched', 0) + 1
    label = 'application.%s.%d.%d' % (request['identifier'], number, number + 6)
    from maclib import launchd_spawn
    base = launchd_spawn.environment(gui, {'Label': label})
    definition = {
        'Label': label,
        'ProgramArguments': [request['program'], *request['args']],
        'environment': {**base, **request['environment'], 'XPC_SERVICE_NAME': label},
        'RunAtLoad': True,
        'ends with its process': True,
    }
    return {'pid': gui.load(None, definition).pid}


def register_login_item(launchd, caller, request):
    """SMAppService: an application puts itself among the login items of its user; it does not start anything."""
    settings = config.load()
    name = request['user']
    items = {**settings.get('loginItems', {})}
    if name not in items:
        items[name] = request['bundle']
        settings['loginItems'] = items
        config.save(settings)
    return {}


def sockets(launchd, caller, request):
    """The TCP sockets of all processes, as netstat sees them."""
    return {'sockets': launchd_sockets.table()}


REQUESTS = {
    'state': state,
    'configure': configure,
    'login': login,
    'logout': logout,
    'launch': launch,
    'register login item': register_login_item,
    'sockets': sockets,
}

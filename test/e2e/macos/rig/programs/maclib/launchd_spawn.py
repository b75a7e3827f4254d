"""Starts a job's program with exactly the environment, the user and the files that launchd would give it."""
import os
import pwd

from maclib import sessions

DEFAULT_PATH = '/usr/bin:/bin:/usr/sbin:/sbin'
EX_CONFIG = 78


def environment(domain, definition):
    """The plist's variables over the domain's (`setenv`) over the defaults; no HOME for root without UserName (5.2)."""
    env = {'PATH': DEFAULT_PATH, 'XPC_FLAGS': '0x0', 'XPC_SERVICE_NAME': definition['Label']}
    name = definition.get('UserName')
    if domain.kind != 'system':
        name = pwd.getpwuid(domain.uid).pw_name
    if name is not None:
        user = pwd.getpwnam(name)
        env.update(HOME=user.pw_dir, USER=name, LOGNAME=name, SHELL='/bin/zsh')
        if domain.kind != 'system':
            env.update(TMPDIR=sessions.temporary(user.pw_uid))
    env.update(domain.environment)
    env.update(definition.get('EnvironmentVariables', {}))
    return env


def spawn(domain, definition, program, arguments):
    """Forks; what goes wrong on the way to the program is exit code 78, as xpcproxy has it."""
    env = environment(domain, definition)
    if 'environment' in definition:
        env = definition['environment']
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        os.setsid()
        sessions.mark(sessions.of_domain(domain))
        become(domain, definition)
        redirect(definition)
        os.chdir(definition.get('WorkingDirectory', '/'))
        os.umask(definition.get('Umask', 0o022))
        path = program if '/' in program else find(program, env.get('PATH', DEFAULT_PATH))
        os.execve(path, arguments, env)
    finally:
        os._exit(EX_CONFIG)


def become(domain, definition):
    name = definition.get('UserName')
    user = pwd.getpwuid(domain.uid) if domain.kind != 'system' else pwd.getpwnam(name or 'root')
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def redirect(definition):
    for number, key in ((0, 'StandardInPath'), (1, 'StandardOutPath'), (2, 'StandardErrorPath')):
        path = definition.get(key, '/dev/null')
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        handle = os.open(path, flags, 0o644)
        os.dup2(handle, number)
        if handle > 2:
            os.close(handle)
    os.closerange(3, 256)


def find(program, path):
    for folder in path.split(':'):
        if os.access(os.path.join(folder, program), os.X_OK):
            return os.path.join(folder, program)
    return program

"""What `print`, `list` and `print-disabled` print; layouts from macos.md 2.2 and 2.4."""
import os
import signal

EXITS = {78: 'EX_CONFIG'}
NUMBER = 100057


def block(name, pairs, depth=1):
    tabs = '\t' * depth
    return '%s%s = {\n%s%s}\n' % (tabs, name, ''.join('%s\t%s\n' % (tabs, pair) for pair in pairs), tabs)


def variables(values):
    return ['%s => %s' % pair for pair in values.items()]


def last_exit(job):
    if job.wait_status is None:
        return 'last exit code = (never exited)'
    if os.WIFSIGNALED(job.wait_status):
        number = os.WTERMSIG(job.wait_status)
        return 'last terminating signal = %s: %d' % (signal.strsignal(number), number)
    code = os.WEXITSTATUS(job.wait_status)
    return 'last exit code = %d%s' % (code, ': ' + EXITS[code] if code in EXITS else '')


def kind(job):
    if job.domain.kind == 'system':
        return 'LaunchDaemon'
    return 'Submitted' if job.path is None else 'LaunchAgent'


def dump(job):
    """`launchctl print D/L`."""
    definition, domain = job.definition, job.domain
    asid = '' if domain.kind == 'system' else ' [%d]' % NUMBER
    text = '%s/%s = {\n' % (domain.name, job.label)
    text += '\tactive count = %d\n' % (1 if job.pid else 0)
    text += '\tpath = %s\n\ttype = %s\n\tstate = %s\n\n' % (job.path or '(submitted)', kind(job), job.state)
    text += '\tprogram = %s\n' % job.program + block('arguments', job.arguments) + '\n'
    if 'WorkingDirectory' in definition:
        text += '\tworking directory = %s\n\n' % definition['WorkingDirectory']
    for key, words in (('StandardOutPath', 'stdout path'), ('StandardErrorPath', 'stderr path')):
        if key in definition:
            text += '\t%s = %s\n' % (words, definition[key])
    inherited = dict(domain.environment)
    if domain.kind != 'system':
        inherited = {'SSH_AUTH_SOCK': '/var/run/com.apple.launchd.MACrig/Listeners', **inherited}
    text += block('inherited environment', variables(inherited)) + '\n'
    text += block('default environment', ['PATH => /usr/bin:/bin:/usr/sbin:/sbin']) + '\n'
    own = {'OSLogRateLimit': '64', **definition.get('EnvironmentVariables', {}), 'XPC_SERVICE_NAME': job.label}
    text += block('environment', variables(own)) + '\n'
    text += '\tdomain = %s%s\n' % (domain.name, asid)
    if domain.kind != 'system':
        text += '\tasid = %d\n' % NUMBER
    if 'UserName' in definition:
        text += '\tusername = %s\n' % definition['UserName']
    text += '\tminimum runtime = %d\n\texit timeout = %d\n\truns = %d\n' % (
        job.minimum_runtime, job.exit_timeout, job.runs)
    if job.pid:
        text += '\tpid = %d\n\timmediate reason = speculative\n\tforks = 0\n\texecs = 1\n' % job.pid
        text += '\tinitialized = 1\n\ttrampolined = 1\n\tstarted suspended = 0\n\tproxy started suspended = 0\n'
    text += '\tchecked allocations = 0 (queried = 1)\n\tchecked allocations reason = no host\n'
    text += '\tchecked allocations flags = 0x0\n\t%s\n\n' % last_exit(job)
    if job.pid:
        for name, number in (('resource', 9196), ('jetsam', 9197)):
            pairs = ['ID = %d' % number, 'type = %s' % name, 'state = active', 'active count = 1']
            text += block('%s coalition' % name, [*pairs, 'name = %s' % job.label]) + '\n'
    text += '\tspawn type = daemon (3)\n\tjetsam priority = 40\n\tcpumon = default\n\n'
    return text + '\tproperties = %s\n}\n' % ' | '.join(properties(definition))


def properties(definition):
    names = []
    if definition.get('KeepAlive'):
        names.append('keepalive')
    if definition.get('RunAtLoad'):
        names.append('runatload')
    if 'Program' not in definition:
        names.append('inferred program')
    return names


def status(job):
    """The second column of `list`: the exit code, or the signal with a minus."""
    if job.wait_status is None:
        return 0
    return -os.WTERMSIG(job.wait_status) if os.WIFSIGNALED(job.wait_status) else os.WEXITSTATUS(job.wait_status)


def listing(domain):
    """`launchctl list`."""
    rows = ['%s\t%d\t%s\n' % (job.pid or '-', status(job), job.label) for job in domain.jobs.values()]
    return 'PID\tStatus\tLabel\n' + ''.join(rows)


def old_style(job):
    """`launchctl list L`."""
    definition = job.definition
    text = '{\n'
    if 'StandardOutPath' in definition:
        text += '\t"StandardOutPath" = "%s";\n' % definition['StandardOutPath']
    session = {'gui': 'Aqua', 'user': 'Background', 'system': 'System'}[job.domain.kind]
    text += '\t"LimitLoadToSessionType" = "%s";\n' % session
    if 'StandardErrorPath' in definition:
        text += '\t"StandardErrorPath" = "%s";\n' % definition['StandardErrorPath']
    text += '\t"Label" = "%s";\n' % job.label
    text += '\t"OnDemand" = %s;\n' % ('false' if definition.get('KeepAlive') else 'true')
    text += '\t"LastExitStatus" = %d;\n' % (job.wait_status or 0)
    if job.pid:
        text += '\t"PID" = %d;\n' % job.pid
    text += '\t"Program" = "%s";\n' % job.program
    words = ''.join('\t\t"%s";\n' % word for word in job.arguments)
    return text + '\t"ProgramArguments" = (\n%s\t);\n};\n' % words


def dump_domain(domain):
    """`launchctl print D`: the rows that tell which process is whose job."""
    rows = ['%8d %6s \t%s' % (job.pid or 0, status(job) or '-', job.label) for job in domain.jobs.values()]
    head = '%s = {\n\ttype = %s\n\thandle = %d\n\tactive count = %d\n' % (
        domain.name, {'gui': 'login', 'user': 'user', 'system': 'system'}[domain.kind], domain.uid, len(rows))
    env = block('environment', variables(domain.environment)) + '\n'
    disabled = ['"%s" => %s' % (label, 'disabled' if value else 'enabled') for label, value in
                domain.overrides().items()]
    return head + env + block('services', rows) + '\n' + block('disabled services', disabled) + '}\n'


def print_disabled(domain, booleans):
    """`launchctl print-disabled D`; before macOS 13 with booleans."""
    words = ('true', 'false') if booleans else ('disabled', 'enabled')
    rows = ['"%s" => %s' % (label, words[0] if value else words[1]) for label, value in domain.overrides().items()]
    return '\n' + block('disabled services', rows) + block('login item associations', [])

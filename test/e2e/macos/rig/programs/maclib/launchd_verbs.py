"""The verbs of launchctl, with the texts, streams and exit codes of macos.md 2.2 and 2.3."""
from maclib import config, launchd_legacy, sessions
from maclib.launchd_call import MALFORMED, Answer, Call
from maclib.launchd_dump import dump, dump_domain, listing, old_style, print_disabled
from maclib.launchd_plists import Refused, parse, read

def run(launchd, caller, argv, cwd):
    """One call of launchctl."""
    if not argv:
        return {'code': 0, 'stdout': 'Usage: launchctl <subcommand> ... | help [subcommand]\n', 'stderr': ''}
    verb = argv[0]
    function = VERBS.get(verb)
    if function is None:
        return {'code': 1, 'stdout': '', 'stderr': 'Unrecognized subcommand: %s\n' % verb}
    try:
        text = function(Call(launchd, caller, verb, argv[1:], cwd)) or ''
    except Answer as ending:
        return ending.answer
    return {'code': 0, 'stdout': text, 'stderr': ''}


def print_(call):
    [text] = call.words(1, '<domain-target> | <service-target>')
    name, label = call.target(text)
    domain = call.domain(name)
    if domain is None:
        raise call.missing_domain(name)
    if label is None:
        return dump_domain(domain)
    if label not in domain.jobs:
        raise call.not_found(domain, label, bad=True)
    return dump(domain.jobs[label])


def print_disabled_(call):
    [text] = call.words(1, '<domain-target>')
    name, label = call.target(text)
    domain = call.domain(name)
    if domain is None or label is not None:
        raise call.missing_domain(name)
    return print_disabled(domain, config.fault('printDisabled', 'words') == 'booleans')


def bootstrap(call):
    if len(call.args) < 2 or any(word.startswith('-') for word in call.args):
        raise call.usage('<domain-target> [service-path, service-path2, ...]')
    name, label = call.target(call.args[0])
    if label is not None:
        raise Answer(64, MALFORMED)
    domain = call.domain(name)
    if domain is None:
        raise call.failed('Bootstrap', 125)
    if call.barred(domain):
        raise call.failed('Bootstrap', call.barred(domain))
    if call.launchd.counted('bootstrapFails') or not call.own(domain):
        raise call.failed('Bootstrap', 5)
    for word in call.args[1:]:
        bootstrap_one(call, domain, call.path(word))


def bootstrap_one(call, domain, path):
    try:
        definition = read(path, domain)
    except Refused as refusal:
        call.launchd.log('bootstrap %s: %s' % (path, refusal))
        raise call.failed('Bootstrap', refusal.code) from None
    label = definition['Label']
    if label in domain.jobs:
        code = 5 if domain.jobs[label].draining else config.fault('alreadyLoadedCode', 5)
        raise already(call, path, code)
    if domain.is_disabled(label):
        if config.fault('disabledCode', 5) == 119:
            raise Answer(119, '%s: Service is disabled\nBootstrap failed: 119: Service is disabled\n' % path)
        raise call.failed('Bootstrap', 5)
    domain.load(path, definition)


def already(call, path, code):
    if code == 37:
        return Answer(37, '%s: service already loaded\nBootstrap failed: 37: Operation already in progress\n' % path)
    return call.failed('Bootstrap', 5)


def bootout(call):
    if not call.args or any(word.startswith('-') for word in call.args) or len(call.args) > 2:
        raise call.usage('<domain-target> [service-path, ...] | <service-target>')
    name, label = call.target(call.args[0])
    domain = call.domain(name)
    if label is None and len(call.args) == 1:
        raise call.usage('<domain-target> [service-path, ...] | <service-target>')
    if domain is None:
        raise call.failed('Boot-out', 125)
    if call.barred(domain):
        raise call.failed('Boot-out', call.barred(domain))
    if not call.own(domain):
        raise call.failed('Boot-out', 1)
    by_path = label is None
    if by_path:
        try:
            label = parse(call.path(call.args[1]))['Label']
        except (OSError, Refused, KeyError, TypeError):
            raise call.failed('Boot-out', 5) from None
    boot_out(call, domain, label, config.fault('bootoutPathCode', 5) if by_path else 3)


def boot_out(call, domain, label, missing):
    job = domain.jobs.get(label)
    if job is None:
        raise call.failed('Boot-out', missing)
    busy = config.fault('bootout36', False)
    if not job.draining:
        job.drain(config.fault('drainSeconds', 3 * config.scale()))
        busy = busy and label in domain.jobs
    if busy:
        raise call.failed('Boot-out', 36)


def kickstart(call):
    flags = ''
    while call.args and call.args[0].startswith('-'):
        flags += call.args.pop(0)[1:]
    if set(flags) - set('kps'):
        raise call.usage('[-k] [-p] <service-target>')
    [text] = call.words(1, '[-k] [-p] <service-target>')
    name, label = call.service(text)
    domain = call.domain(name)
    if domain is None:
        raise call.missing_domain(name)
    if label not in domain.jobs:
        raise call.not_found(domain, label)
    if not call.own(domain) or call.barred(domain):
        raise Answer(1, 'Could not kickstart service "%s": 1: Operation not permitted\n' % label)
    job = domain.jobs[label]
    if 'k' in flags:
        job.restart()
    else:
        job.start()
    return '%d\n' % job.pid if 'p' in flags and job.pid else ''


def able(disabled):
    def verb(call):
        [text] = call.words(1, '<service-target>')
        name, label = call.service(text)
        kind, _, uid = name.partition('/')
        uid = int(uid or 0)
        if call.caller.uid not in (0, uid) or (kind == 'system' and call.caller.uid != 0):
            raise Answer(1, 'Operation not permitted\n')
        domain = call.domain(name)
        if domain is None:
            raise call.missing_domain(name)
        domain.set_disabled(label, disabled)

    return verb


def list_(call):
    domain = launchd_legacy.domain(call)
    if not call.args:
        return listing(domain)
    [label] = call.words(1, '[label]')
    if label not in domain.jobs or label in config.fault('listMisses', []):
        raise Answer(113, 'Could not find service "%s" in domain for port\n' % label)
    return old_style(domain.jobs[label])


def manager(call):
    return sessions.NAMES.get(call.caller.session, 'System') + '\n'


VERBS = {
    'print': print_,
    'print-disabled': print_disabled_,
    'bootstrap': bootstrap,
    'bootout': bootout,
    'kickstart': kickstart,
    'enable': able(False),
    'disable': able(True),
    'list': list_,
    'managername': manager,
    'manageruid': lambda call: '%d\n' % launchd_legacy.domain(call).uid,
    'managerpid': lambda call: '1\n',
    **launchd_legacy.VERBS,
}

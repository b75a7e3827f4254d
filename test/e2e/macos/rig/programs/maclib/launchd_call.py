"""One call of launchctl: who, what, on which domain; and the ways in which all verbs fail (macos.md 2.1-2.3)."""
import re

from maclib import config, sessions

TARGET = re.compile(r'^(system|(?:gui|user)/\d+)(?:/([^/]+))?$')
RICHER = 'Try re-running the command as root for richer errors.\n'
MALFORMED = 'Unrecognized target specifier. <service-target> takes a form of <domain-target>/<service-id>.\n'
REASONS = {
    1: 'Operation not permitted',
    3: 'No such process',
    5: 'Input/output error',
    36: 'Operation now in progress',
    37: 'Operation already in progress',
    119: 'Service is disabled',
    125: 'Domain does not support specified action',
    134: 'Service cannot load in requested session',
}


class Answer(Exception):
    """The end of a verb."""

    def __init__(self, code, stderr='', stdout=''):
        super().__init__(stderr)
        self.answer = {'code': code, 'stdout': stdout, 'stderr': stderr}


class Call:
    """One call: who, what, and the helpers that all verbs share."""

    def __init__(self, launchd, caller, verb, args, cwd):
        self.launchd = launchd
        self.caller = caller
        self.verb = verb
        self.args = args
        self.cwd = cwd

    def usage(self, words):
        return Answer(64, 'Usage: launchctl %s %s\n' % (self.verb, words))

    def words(self, count, usage):
        """The arguments, which have to be so many and no options."""
        if len(self.args) != count or any(word.startswith('-') for word in self.args):
            raise self.usage(usage)
        return self.args

    def target(self, text):
        """The domain's name and the label (None for a domain)."""
        found = TARGET.match(text)
        if found is None:
            raise Answer(64, MALFORMED)
        return found.group(1), found.group(2)

    def service(self, text):
        name, label = self.target(text)
        if label is None:
            raise Answer(64, MALFORMED)
        return name, label

    def domain(self, name):
        """A domain that there is, or None."""
        return self.launchd.domains.get(name)

    def missing_domain(self, name):
        kind, _, uid = name.partition('/')
        code = config.fault('noDomainCode', 112)
        if code == 125:
            return Answer(125, 'Domain does not support specified action\n')
        words = 'user gui: %s' % uid if kind == 'gui' else 'uid: %s' % uid
        return Answer(112, 'Bad request.\nCould not find domain for %s\n' % words)

    def own(self, domain):
        """Whether the caller may change a domain: root all, a user his own; over ssh not always the graphical one."""
        if self.caller.uid == 0:
            return True
        if domain.kind == 'system' or domain.uid != self.caller.uid:
            return False
        return True

    def barred(self, domain):
        """The switch for "ssh cannot act on the Aqua session" (2.5)."""
        told = config.fault('sshGui', 'works')
        outside = self.caller.session in (sessions.BACKGROUND, sessions.BACKGROUND_AS_ROOT)
        return told if domain.kind == 'gui' and outside and told != 'works' else None

    def failed(self, what, code):
        text = '%s failed: %d: %s\n' % (what, code, REASONS[code])
        return Answer(code, text + (RICHER if code == 5 and self.caller.uid != 0 and what == 'Bootstrap' else ''))

    def not_found(self, domain, label, bad=False):
        start = 'Bad request.\n' if bad else ''
        text = 'Could not find service "%s" in domain for %s\n' % (label, domain.in_words)
        return Answer(113, start + text)

    def path(self, text):
        return text if text.startswith('/') else self.cwd + '/' + text

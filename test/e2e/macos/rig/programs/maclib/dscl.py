"""dscl . -read /Users/NAME KEY… and dscl . -list /Users KEY."""
import grp
import pwd
import sys

KEYS = {
    'NFSHomeDirectory': lambda user: user.pw_dir,
    'UniqueID': lambda user: str(user.pw_uid),
    'PrimaryGroupID': lambda user: str(user.pw_gid),
    'UserShell': lambda user: user.pw_shell,
    'RecordName': lambda user: user.pw_name,
}
NOBODY = '<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)\n'
HIDDEN = {'systemd-network', 'systemd-journal', 'messagebus', '_apt', 'www-data'}


def main(argv):
    args = [word for word in argv[1:] if word not in ('-q', '-raw', '-url')]
    if len(args) < 3 or args[0] not in ('.', '/Local/Default', 'localhost', '/Search'):
        sys.stderr.write('Usage: dscl [options] [<datasource> [<command>]]\n')
        return 64
    verb, path, keys = args[1].lstrip('-'), args[2], args[3:]
    if verb == 'list' and path.rstrip('/') in ('/Users', '/Groups'):
        return list_(path, keys)
    if verb == 'read' and path.startswith('/Users/'):
        return read(path.removeprefix('/Users/'), keys)
    sys.stderr.write('<main> attribute status: eDSUnknownNodeName\n<dscl_cmd> DS Error: -14002 (eDSUnknownNodeName)\n')
    return 78


def list_(path, keys):
    if path.startswith('/Groups'):
        for group in grp.getgrall():
            sys.stdout.write(group.gr_name + (' ' * 20 + str(group.gr_gid) if keys else '') + '\n')
        return 0
    for user in pwd.getpwall():
        if user.pw_name not in HIDDEN:
            value = KEYS[keys[0]](user) if keys and keys[0] in KEYS else ''
            sys.stdout.write(('%-23s %s' % (user.pw_name, value)).rstrip() + '\n')
    return 0


def read(name, keys):
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        sys.stderr.write(NOBODY)
        return 56
    for key in keys or sorted(KEYS):
        if key in KEYS:
            value = KEYS[key](user)
            # A value with a blank stands on a line of its own.
            sys.stdout.write('%s:\n %s\n' % (key, value) if ' ' in value else '%s: %s\n' % (key, value))
        else:
            sys.stderr.write('No such key: %s\n' % key)
    return 0

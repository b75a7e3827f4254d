"""The programs that only tell something: sw_vers, uname, arch, mdfind (macos.md 9)."""
import os
import sys

from maclib import bsd_getopt, config, open_app


def main(argv):
    name = os.path.basename(argv[0])
    return {'sw_vers': sw_vers, 'uname': uname, 'arch': arch, 'mdfind': mdfind}[name](argv[1:])


def sw_vers(args):
    values = {'ProductName': 'macOS', 'ProductVersion': config.load().get('macos', '26.5.2'), 'BuildVersion': '25F84'}
    if not args:
        for key, value in values.items():
            sys.stdout.write('%s:\t\t%s\n' % (key, value))
        return 0
    wanted = {key.lower(): value for key, value in values.items()}
    key = args[0].lstrip('-').lower()
    if len(args) != 1 or key not in wanted or not args[0].startswith('-'):
        sys.stderr.write('Usage: sw_vers [--help|--productName|--productVersion|--productVersionExtra|--buildVersion]\n')
        return 1
    sys.stdout.write(wanted[key] + '\n')
    return 0


def uname(args):
    try:
        options, rest = bsd_getopt.parse('uname', args, 'amnoprsv')
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, 'usage: uname [-amnoprsv]\n')
    machine = config.load().get('arch', 'arm64')
    values = {'s': 'Darwin', 'n': os.uname().nodename, 'r': '25.5.0',
              'v': 'Darwin Kernel Version 25.5.0: root:xnu-12377.121.6~2/RELEASE_%s' % machine.upper(),
              'm': machine, 'p': 'arm' if machine == 'arm64' else 'i386', 'o': 'Darwin'}
    letters = [letter for letter, _ in options] or ['s']
    if 'a' in letters:
        letters = list('snrvm')
    sys.stdout.write(' '.join(values[letter] for letter in 'snrvmpo' if letter in letters) + '\n')
    return 0


def arch(args):
    machine = config.load().get('arch', 'arm64')
    sys.stdout.write({'x86_64': 'i386'}.get(machine, machine) + '\n')
    return 0


def mdfind(args):
    """Only by the bundle identifier; empty and 0 when Spotlight is off or knows nothing."""
    words = [word for word in args if not word.startswith('-')]
    if not words:
        sys.stderr.write('Usage: mdfind [-live] [-count] [-onlyin directory] [-name fileName | -s smartFolderName | query]\n')
        return 1
    if config.fault('spotlightOff'):
        return 0
    for path in dict.fromkeys(open_app.bundles()):
        identifier = open_app.info(path).get('CFBundleIdentifier')
        if identifier and 'kMDItemCFBundleIdentifier' in words[0] and identifier in words[0]:
            sys.stdout.write(path + '\n')
    return 0

"""socketfilterfw: what the application firewall says about itself; changing it needs root (macos.md 8.1)."""
import os
import sys

from maclib import config

STATES = {
    0: 'Firewall is disabled. (State = 0)',
    1: 'Firewall is enabled. (State = 1)',
    2: 'Firewall is blocking all non-essential incoming connections. (State = 2)',
}


def main(argv):
    args = argv[1:]
    if not args:
        sys.stdout.write('usage: socketfilterfw [-d] [-l] [--listapps] [--getglobalstate] [--getblockall]\n')
        return 0
    faults = config.load().get('faults', {})
    apps = faults.get('firewallApps', [])
    if args[0] == '--getglobalstate':
        sys.stdout.write(STATES[faults.get('firewall', 0)] + '\n')
    elif args[0] == '--getblockall':
        sys.stdout.write(block_all(faults) + '\n')
    elif args[0] == '--listapps':
        listed(apps)
    elif args[0] == '--getappblocked' and len(args) == 2:
        # It says so about every path, listed or not: no proof of anything.
        sys.stdout.write('Incoming connection to %s is permitted.\n' % args[1])
    elif args[0] in ('--add', '--unblockapp', '--blockapp', '--setglobalstate', '--setblockall'):
        return change(args)
    else:
        sys.stdout.write('Option not recognized: %s\n' % args[0])
        return 255
    return 0


def block_all(faults):
    on = faults.get('blockAll', False)
    if faults.get('blockAllWords', 'new') == 'old':
        return 'Block all %s!' % ('ENABLED' if on else 'DISABLED')
    return 'Firewall has block all state set to %s.' % ('enabled' if on else 'disabled')


def listed(apps):
    sys.stdout.write('Total number of apps = %d \n\n' % len(apps))
    for number, app in enumerate(apps, 1):
        verdict = 'Block incoming connections' if app.get('blocked') else 'Allow incoming connections'
        sys.stdout.write('%d : %s \n             (%s) \n\n' % (number, app['path'], verdict))


def change(args):
    if os.geteuid() != 0:
        sys.stdout.write('Must be root to change settings.\n')
        return 1
    settings = config.load()
    faults = settings.setdefault('faults', {})
    apps = faults.setdefault('firewallApps', [])
    if args[0] == '--add':
        if all(app['path'] != args[1] for app in apps):
            apps.append({'path': args[1], 'blocked': False})
        sys.stdout.write('Application at path ( %s ) added to firewall\n' % args[1])
    elif args[0] in ('--unblockapp', '--blockapp'):
        found = [app for app in apps if app['path'] == args[1]]
        if not found:
            sys.stdout.write('The application is not part of the firewall\n')
        for app in found:
            app['blocked'] = args[0] == '--blockapp'
            sys.stdout.write('Incoming connection to the application is %s\n'
                             % ('blocked' if app['blocked'] else 'permitted'))
    elif args[0] == '--setglobalstate':
        faults['firewall'] = 1 if args[1] == 'on' else 0
        sys.stdout.write(STATES[faults['firewall']] + '\n')
    else:
        faults['blockAll'] = args[1] == 'on'
        sys.stdout.write(block_all(faults) + '\n')
    config.save(settings)
    return 0

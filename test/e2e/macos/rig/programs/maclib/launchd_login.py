"""Who sits at the console: what is started at login and ended at logout (macos.md 2.1, 3.5, 4)."""
import os
import pwd

from maclib import config, launchd_domains

LOGIN_ITEM = 'Contents/Library/LaunchAgents/com.ollama.ollama.plist'
# Seconds of the real thing between the first and the second of login item and agents, when an order is asked for.
GAP = 2.0


def give_console(uid):
    """/dev/console is the user's, and root's at the login window."""
    for path in ('/run/mac/console', '/dev/console'):
        os.chown(path, uid, 0, follow_symlinks=False)


def login(launchd, name):
    """Opens the graphical session of a user."""
    settings = config.load()
    settings['console'] = name
    config.save(settings)
    uid = pwd.getpwnam(name).pw_uid
    give_console(uid)
    gui = launchd_domains.Domain(launchd, 'gui', uid)
    launchd.domains[gui.name] = gui
    launchd.ensure_user(uid)

    def agents():
        gui.load_folder('/Library/LaunchAgents')
        gui.load_folder(launchd_domains.home(uid) + '/Library/LaunchAgents')

    def item():
        bundle = settings.get('loginItems', {}).get(name)
        if bundle:
            gui.load_quietly(bundle + '/' + LOGIN_ITEM)

    order = settings.get('loginOrder', 'together')
    first, second = (item, agents) if order == 'app first' else (agents, item)
    first()
    if order == 'together':
        second()
    else:
        launchd.loop.call_later(GAP * config.scale(), lambda: gui.name in launchd.domains and second())


def logout(launchd):
    """Closes the graphical session: its jobs end, its environment is forgotten. The files keep what they say."""
    settings = config.load()
    name = settings.get('console')
    if name is None:
        return
    settings['console'] = None
    config.save(settings)
    give_console(0)
    gui = launchd.domains.pop('gui/%d' % pwd.getpwnam(name).pw_uid, None)
    if gui is None:
        return
    pids = [job.pid for job in gui.jobs.values() if job.pid is not None]
    for job in list(gui.jobs.values()):
        job.drain(0.0)
    for pid in pids:
        launchd.wait_for_end(pid)
    launchd.end_session(gui.uid)

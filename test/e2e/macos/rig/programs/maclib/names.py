"""Which module plays which program."""
import importlib

PROGRAMS = {
    'launchctl': 'launchctl',
    'brew': 'brew_main',
    'Ollama': 'ollama_app',
    'Squirrel': 'squirrel',
    'open': 'open_app',
    'osascript': 'osascript',
    'ps': 'ps',
    'pgrep': 'pgrep',
    'pkill': 'pgrep',
    'killall': 'killall',
    'lsof': 'lsof',
    'netstat': 'netstat',
    'plutil': 'plutil',
    'PlistBuddy': 'plistbuddy',
    'sw_vers': 'facts',
    'uname': 'facts',
    'arch': 'facts',
    'mdfind': 'facts',
    'dscl': 'dscl',
    'stat': 'bsd_stat',
    'date': 'bsd_date',
    'install': 'bsd_install',
    'readlink': 'bsd_readlink',
    'mktemp': 'bsd_mktemp',
    'base64': 'bsd_base64',
    'socketfilterfw': 'socketfilterfw',
}

# Called by the system all the time, and of no interest in a test's log of calls.
SILENT = {'Ollama', 'Squirrel'}

# Debian's own programs behind a check of their options: maclib/strict.py.
STRICT = {
    '[': None, 'awk': None, 'basename': 'as:', 'bash': None, 'cat': 'belnstuv', 'chgrp': 'fhvxnRHLP',
    'chmod': 'fhvRHLPaCEINib=+', 'chown': 'fhnvxRHLP', 'cmp': 'bhilnsxz', 'cp': 'HLPRScXafilnpsvx', 'curl': None,
    'cut': 'b:c:d:f:nsw', 'dd': '', 'diff': None, 'dirname': '', 'echo': None, 'env': '0iP:S:u:v', 'expr': None,
    'false': None, 'find': None, 'grep': None, 'head': 'c:n:qv', 'hostname': 'dfs', 'id': 'AFGMPagnpru',
    'kill': None, 'ln': 'FLPfhinsvw', 'ls': 'ABCFGHILOPRSTUWXabcdefghiklmnopqrstuvwxy1%@', 'mkdir': 'm:pv',
    'mv': 'finvh', 'nice': 'n:', 'nohup': '', 'od': 'A:BDFHIL OXabcdefhij:lN:ost:vx', 'printf': None, 'pwd': 'LP',
    'rm': 'IPRWdfirvx', 'rmdir': 'pv', 'sed': 'aEe:f:I:i:lnrsu', 'sh': None, 'sleep': '', 'sort': None, 'sqlite3': None,
    'stty': None, 'sudo': None, 'tail': 'Fb:c:fn:qrv', 'tee': 'ai', 'test': None, 'touch': 'A:acd:fhmr:t:',
    'tr': 'Ccdsu', 'true': None, 'tty': 's', 'uniq': 'cdDif:s:u', 'wc': 'Lclmw', 'which': 'as', 'whoami': '',
    'xargs': '0E:I:J:L:n:oP:pR:S:s:rtx', 'perl': None, 'tar': None, 'gzip': None,
}


def module(name):
    """The module that plays a program; None when nobody does."""
    if name in PROGRAMS:
        return importlib.import_module('maclib.' + PROGRAMS[name])
    if name in STRICT:
        return importlib.import_module('maclib.strict')
    return None

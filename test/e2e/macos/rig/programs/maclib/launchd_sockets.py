"""The TCP sockets of the host and whose they are. Debian's ss knows which IPv6 sockets take IPv4 too (v6only)."""
import re
import subprocess

SS = '/usr/local/libexec/debian/bin/ss'
OWNER = re.compile(r'\("[^"]*",pid=(\d+),fd=(\d+)\)')
STATES = {
    'LISTEN': 'LISTEN', 'ESTAB': 'ESTABLISHED', 'TIME-WAIT': 'TIME_WAIT', 'CLOSE-WAIT': 'CLOSE_WAIT',
    'SYN-SENT': 'SYN_SENT', 'SYN-RECV': 'SYN_RECEIVED', 'FIN-WAIT-1': 'FIN_WAIT_1', 'FIN-WAIT-2': 'FIN_WAIT_2',
    'LAST-ACK': 'LAST_ACK', 'CLOSING': 'CLOSING',
}


def table():
    """One row a socket and process; a socket that nobody holds any more has no pid."""
    listed = subprocess.run([SS, '-tanpeH'], capture_output=True, text=True, check=True).stdout
    rows = []
    for line in listed.splitlines():
        words = line.split()
        state = STATES.get(words[0])
        if state is None:
            continue
        owners = OWNER.findall(line) or [(None, None)]
        for pid, descriptor in owners:
            rows.append({**row(words, line), 'state': state, **owner(pid, descriptor)})
    return rows


def row(words, line):
    local, local_port = words[3].rsplit(':', 1)
    remote, remote_port = words[4].rsplit(':', 1)
    ipv6 = '[' in local or local == '*'
    # ss writes `*` for an IPv6 wildcard that takes IPv4 too, and [::] for one that does not.
    dual = ipv6 and 'v6only:1' not in line
    inode = re.search(r'ino:(\d+)', line)
    return {
        'family': 6 if ipv6 else 4,
        'dual': dual,
        'local': plain(local),
        'port': local_port,
        'remote': plain(remote),
        'remotePort': remote_port,
        'inode': int(inode.group(1)) if inode else 0,
    }


def plain(address):
    """Without brackets and zone; `*` for every wildcard."""
    address = address.strip('[]').split('%')[0]
    if address.startswith('::ffff:') and '.' in address:
        address = address[7:]
    return '*' if address in ('*', '0.0.0.0', '::') else address


def owner(pid, descriptor):
    if pid is None:
        return {'pid': None, 'fd': None, 'uid': None}
    try:
        with open('/proc/%s/status' % pid, encoding='utf-8') as file:
            uid = int(re.search(r'^Uid:\s+\d+\s+(\d+)', file.read(), re.M).group(1))
    except OSError:
        uid = None
    return {'pid': int(pid), 'fd': int(descriptor), 'uid': uid}

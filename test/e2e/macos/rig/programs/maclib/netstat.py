"""`netstat -anv -p tcp`: everybody's sockets without any right (macos.md 6.2)."""
import sys

from maclib import bsd_getopt, client, config, processes

SPEC = 'AaBbcdDF:f:gI:iL:lmnNP:p:qrRSsTtuvWw:xz'
USAGE = 'usage:\tnetstat [-AaLlnW] [-f address_family | -p protocol]\n' \
        '\tnetstat [-gilns] [-v] [-f address_family] [-I interface]\n'


def main(argv):
    try:
        options, rest = bsd_getopt.parse('netstat', argv[1:], SPEC)
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE)
    flags = {letter for letter, _ in options}
    protocol = next((value for letter, value in options if letter == 'p'), 'tcp')
    if protocol not in ('tcp', 'udp'):
        sys.stderr.write('netstat: %s: unknown or uninstrumented protocol\n' % protocol)
        return 1
    if protocol == 'udp':
        return 0
    sys.stdout.write('Active Internet connections%s\n' % (' (including servers)' if 'a' in flags else ''))
    sys.stdout.write(head('v' in flags) + '\n')
    names = {pid: each.name for pid, each in processes.all_of_them().items()}
    for socket in client.ask(op='sockets')['sockets']:
        if socket['state'] == 'LISTEN' and 'a' not in flags:
            continue
        sys.stdout.write(line(socket, 'v' in flags, names) + '\n')
    return 0


def is_new():
    return config.fault('netstat', 'new') == 'new'


def head(verbose):
    start = 'Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)     '
    if not verbose:
        return start.rstrip()
    if is_new():
        return start + ' rxbytes      txbytes  rhiwat  shiwat          process:pid    state  options           gencnt ' \
                       '   flags   flags1 usecnt rtncnt fltrs'
    return start + '   rxbytes      txbytes  rhiwat  shiwat    pid   epid state  options'


def line(socket, verbose, names):
    kind = 'tcp4' if socket['family'] == 4 else 'tcp46' if socket['dual'] else 'tcp6'
    local = dotted(socket['local'], socket['port'])
    remote = dotted(socket['remote'], socket['remotePort'])
    text = '%-5s %6d %6d  %-22s %-22s %-11s' % (kind, 0, 0, local, remote, socket['state'])
    if not verbose:
        return text
    pid = socket['pid'] or 0
    if is_new():
        owner = '%s:%d' % (names.get(pid, ''), pid)
        return text + ' %12d %12d %7d %7d %20s  %05x  %08x %016x %08x %08x %6d %6d %06x' % (
            0, 0, 131072, 131072, owner, 0x100, 0x6, socket['inode'], 0, 0x900, 1, 0, 0)
    return text + ' %12d %12d %7d %7d %6d %6d %05x  %08x' % (0, 0, 131072, 131072, pid, 0, 0x100, 0x6)


def dotted(address, port):
    """A dot before the port, and stars for what is not fixed."""
    return '%s.%s' % (address, '*' if port in ('*', '0') else port)

"""lsof 4.91 as Apple ships it, as far as TCP sockets, programs and folders go (macos.md 6.1)."""
import os
import sys

from maclib import client, config, processes

FIELDS = 'pgRcuLfaltdDrsoikPnT'


class Unknown(Exception):
    """An option that lsof does not have."""


def parse(args):
    asked = {'i': None, 'states': None, 'pids': None, 'and': False, 'fields': None, 'terse': False, 'fds': None,
             'numeric': set(), 'users': None, 'commands': []}
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == '--' or not word.startswith('-') or word == '-':
            raise Unknown('unacceptable operand: %s' % word)
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in 'nPlbwOVX':
                asked['numeric'].add(letter)
            elif letter == 'a':
                asked['and'] = True
            elif letter == 't':
                asked['terse'] = True
            elif letter in 'ip' or letter in 'sFducT+':
                letters = value_of(asked, letter, letters, rest)
            else:
                raise Unknown('illegal option character: %s' % letter)
    return asked


def value_of(asked, letter, letters, rest):
    """The value stands behind the letter or in the next word; -i, -s, -F and -T go without one, too."""
    value = letters
    if not value and rest and rest[0][0:1] not in ('-', '+'):
        value = rest.pop(0)
    if letter in 'pduc' and not value:
        raise Unknown('no argument for -%s' % letter)
    if letter == 'i':
        asked['i'] = value
    elif letter == 's' and value.startswith('TCP:'):
        asked['states'] = set(value[4:].upper().split(','))
    elif letter == 's':
        raise Unknown('unsupported -s%s' % value)
    elif letter == 'p':
        asked['pids'] = {int(each) for each in value.split(',') if each.isdigit()}
    elif letter == 'F':
        asked['fields'] = value or FIELDS
    elif letter == 'd':
        asked['fds'] = set(value.split(','))
    elif letter == 'u':
        asked['users'] = set(value.split(','))
    elif letter == 'c':
        asked['commands'].append(value)
    return ''


def main(argv):
    try:
        asked = parse(argv[1:])
    except Unknown as error:
        sys.stderr.write('lsof: %s\nlsof 4.91\n latest revision: ftp://lsof.itap.purdue.edu/pub/tools/unix/lsof/\n'
                         ' usage: [-?abhlnNoOPRtUvV] [+|-c c] [+|-d s] [+D D] [+|-E] [+|-e s] [+|-f[cgG]]\n' % error)
        return 1
    if config.fault('lsofFails'):
        sys.stderr.write('lsof: WARNING: can\'t stat() devfs file system /dev\n')
        return 1
    files = [each for each in candidates(asked) if visible(each)]
    if asked['and'] or sum(asked[key] is not None for key in ('i', 'pids', 'users')) < 2:
        files = [each for each in files if all(matches(asked, each))]
    else:
        files = [each for each in files if any(selected(asked, each))]
    if not files:
        return 1
    write(asked, files)
    return 0


def candidates(asked):
    """The open files that were asked for, each with its process."""
    everything = processes.all_of_them()
    if asked['i'] is not None or (asked['fds'] is None and asked['pids']):
        for socket in client.ask(op='sockets')['sockets']:
            if socket['pid'] in everything:
                yield {**socket, 'process': everything[socket['pid']], 'name': name(socket)}
    if asked['i'] is None and asked['pids'] is not None:
        for pid in sorted(asked['pids']):
            if pid in everything:
                yield from plain_files(everything[pid])


def plain_files(process):
    executable = process.executable
    if executable:
        yield {'process': process, 'fd': 'txt', 'type': 'REG', 'name': executable}
    try:
        yield {'process': process, 'fd': 'cwd', 'type': 'DIR', 'name': os.readlink('/proc/%d/cwd' % process.pid)}
    except OSError:
        pass


def visible(each):
    """Without root only one's own processes, and not a word about the others."""
    return os.geteuid() == 0 or each['process'].uid == os.geteuid()


def selected(asked, each):
    if asked['i'] is not None:
        yield 'family' in each and internet(asked['i'], each) and (
            asked['states'] is None or each['state'] in asked['states'])
    if asked['pids'] is not None:
        yield each['process'].pid in asked['pids']
    if asked['users'] is not None:
        yield each['process'].user in asked['users'] or str(each['process'].uid) in asked['users']


def matches(asked, each):
    yield from selected(asked, each)
    if asked['fds'] is not None:
        yield str(each['fd']) in asked['fds']
    if asked['commands']:
        yield any(each['process'].name.startswith(start) for start in asked['commands'])


def internet(value, each):
    """-i[46][protocol][@host][:port]"""
    if value[:1] in ('4', '6'):
        if each['family'] != int(value[0]):
            return False
        value = value[1:]
    if value[:3].upper() in ('TCP', 'UDP'):
        if value[:3].upper() == 'UDP':
            return False
        value = value[3:]
    host, _, ports = value.partition(':')
    if host and host[1:] not in (each['local'], each['remote']):
        return False
    return not ports or bool({each['port'], each['remotePort']} & set(ports.split(',')))


def name(socket):
    local = '%s:%s' % (bracketed(socket['local']), socket['port'])
    if socket['state'] == 'LISTEN':
        return local
    return '%s->%s:%s' % (local, bracketed(socket['remote']), socket['remotePort'])


def bracketed(address):
    return '[%s]' % address if ':' in address else address


def write(asked, files):
    if asked['terse']:
        for pid in dict.fromkeys(each['process'].pid for each in files):
            sys.stdout.write('%d\n' % pid)
    elif asked['fields'] is not None:
        write_fields(set(asked['fields']), files)
    else:
        write_table(files, 'n' in asked['numeric'])


def write_fields(fields, files):
    """One field a line, in lsof's own order whatever was asked; p and f are always there."""
    shown = None
    for each in files:
        process = each['process']
        if process is not shown:
            shown = process
            values = [('p', process.pid), ('g', process.pgid), ('R', process.ppid), ('c', process.name),
                      ('u', process.uid), ('L', process.user)]
            emit(values, fields | {'p'})
        values = [('f', each['fd'])]
        if 'family' in each:
            values += [('a', 'u'), ('l', ' '), ('t', 'IPv%d' % each['family']), ('d', device(each)), ('o', '0t0'),
                       ('P', 'TCP'), ('n', each['name']), ('T', 'ST=' + each['state']), ('T', 'QR=0'), ('T', 'QS=0')]
        else:
            values += [('a', ' '), ('l', ' '), ('t', each['type']), ('n', each['name'])]
        emit(values, fields | {'f'})


def emit(values, fields):
    for letter, value in values:
        if letter in fields:
            sys.stdout.write('%s%s\n' % (letter, value))


def device(each):
    return '0x%x' % (0x1a2b3c4d00000000 + each['inode'])


def write_table(files, numeric):
    """The columns grow with what is in them; the letter of the access stands outside of FD's."""
    rows = [('COMMAND', 'PID', 'USER', 'FD', ' ', 'TYPE', 'DEVICE', 'SIZE/OFF', 'NODE', 'NAME')]
    for each in files:
        process = each['process']
        start = (process.name.replace(' ', '\\x20')[:9], str(process.pid), process.user, str(each['fd']))
        if 'family' in each:
            shown = each['name'] + ' (%s)' % each['state']
            if not numeric:
                shown = shown.replace('127.0.0.1:', 'localhost:').replace('[::1]:', 'localhost:')
            rows.append((*start, 'u', 'IPv%d' % each['family'], device(each), '0t0', 'TCP', shown))
        else:
            rows.append((*start, ' ', each['type'], '1,16', '96', '1234', each['name']))
    least = (7, 5, 4, 4, 1, 4, 18, 8, 4)
    sizes = [max([least[place], *(len(row[place]) for row in rows)]) for place in range(9)]
    for row in rows:
        cells = [row[place].rjust(sizes[place]) for place in range(9)]
        cells[0] = row[0].ljust(sizes[0])
        sys.stdout.write(' '.join(cells[:4]) + row[4] + '  ' + ' '.join(cells[5:]) + ' ' + row[9] + '\n')

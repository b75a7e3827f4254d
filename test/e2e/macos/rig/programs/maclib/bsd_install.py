"""install(1) of macOS: no -T, no -D, no -t; -d, -m, -o, -g, -b, -B, -C, -c, -p, -S, -s, -v, -M, -f."""
import sys

from maclib import bsd_getopt, strict

USAGE = 'usage: install [-bCcpSsv] [-B suffix] [-f flags] [-g group] [-m mode]\n' \
        '               [-o owner] file1 file2\n' \
        '       install [-bCcpSsv] [-B suffix] [-f flags] [-g group] [-m mode]\n' \
        '               [-o owner] file1 ... fileN directory\n' \
        '       install -d [-v] [-g group] [-m mode] [-o owner] directory ...\n'
GNU = {'B': '-S', 'p': '-p', 'C': '-C', 's': '-s', 'v': '-v', 'b': '-b', 'd': '-d', 'g': '-g', 'm': '-m', 'o': '-o'}


def main(argv):
    try:
        options, files = bsd_getopt.parse('install', argv[1:], 'B:bCcdf:g:l:MmN:o:pSsUv'.replace('Mm', 'Mm:'))
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE, 64)
    if not files or (len(files) < 2 and not any(letter == 'd' for letter, _ in options)):
        sys.stderr.write(USAGE)
        return 64
    words = []
    for letter, value in options:
        if letter in GNU:
            words += [GNU[letter]] if value is None else [GNU[letter], value]
    return strict.run('install', [*words, '--', *files])

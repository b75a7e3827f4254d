"""date(1) of BSD: -j, -f, -r, -u, -v, -I, -R and +format; -d is not what GNU makes of it."""
import os
import sys
import time

from maclib import bsd_getopt

USAGE = 'usage: date [-jnRu] [-I[date|hours|minutes|seconds|ns]] [-f input_fmt]\n' \
        '            [ -z output_zone ] [-r filename|seconds] [-v[+|-]val[y|m|w|d|H|M|S]]\n' \
        '            [[[[mm]dd]HH]MM[[cc]yy][.SS] | new_date] [+output_fmt]\n'
ISO = {'date': '%Y-%m-%d', 'hours': '%Y-%m-%dT%H%z', 'minutes': '%Y-%m-%dT%H:%M%z', 'seconds': '%Y-%m-%dT%H:%M:%S%z'}


def main(argv):
    args = argv[1:]
    iso = None
    for word in list(args):
        if word.startswith('-I'):
            iso = word[2:] or 'date'
            args.remove(word)
    try:
        options, rest = bsd_getopt.parse('date', args, 'f:jnRr:uv:z:')
    except bsd_getopt.Usage as error:
        return bsd_getopt.refuse(error, USAGE)
    values = dict(options)
    moment = time.time()
    if 'r' in values:
        moment = float(values['r']) if values['r'].isdigit() else os.stat(values['r']).st_mtime
    if 'f' in values:
        if not rest:
            sys.stderr.write(USAGE)
            return 1
        try:
            moment = time.mktime(time.strptime(rest.pop(0), values['f']))
        except ValueError:
            sys.stderr.write('Failed conversion of ``%s\'\' using format ``%s\'\'\n' % (rest, values['f']))
            return 1
    pattern = ISO.get(iso, '%a %b %e %T %Z %Y')
    if 'R' in values:
        pattern = '%a, %d %b %Y %T %z'
    for word in rest:
        if not word.startswith('+'):
            sys.stderr.write('date: illegal time format\n' + USAGE)
            return 1
        pattern = word[1:]
    # %N and %-d are GNU's: strftime of macOS prints them as they are, without the percent sign.
    pattern = pattern.replace('%N', 'N')
    clock = time.gmtime(moment) if 'u' in values else time.localtime(moment)
    sys.stdout.write(time.strftime(pattern, clock) + '\n')
    return 0

"""getopt(3) as BSD has it: no long options, and everything after the first word that is no option is an operand."""
import sys


class Usage(Exception):
    """An option that the program does not have, in the words of BSD's getopt."""


def parse(name, args, spec):
    """The options as (letter, value) and the operands. `spec` is getopt's: a colon behind what takes a value."""
    options = []
    rest = list(args)
    while rest:
        word = rest[0]
        if word == '--':
            rest.pop(0)
            break
        if not word.startswith('-') or word == '-':
            break
        rest.pop(0)
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            place = spec.find(letter)
            if place < 0 or letter == ':':
                raise Usage('%s: illegal option -- %s\n' % (name, letter))
            if spec[place + 1:place + 2] == ':':
                if letters:
                    value, letters = letters, ''
                elif rest:
                    value = rest.pop(0)
                else:
                    raise Usage('%s: option requires an argument -- %s\n' % (name, letter))
                options.append((letter, value))
            else:
                options.append((letter, None))
    return options, rest


def refuse(error, usage, code=1):
    """Says what BSD says, and gives the exit code of it."""
    sys.stderr.write(str(error) + usage)
    return code

"""Types lines into a real shell in a pseudo-terminal and has it insert every completion of each.

usage: press.py SHELL SCRIPT, with a JSON list of lines on standard input; prints a JSON list of lists of words: what the
line held once the shell had completed it, the words that were typed included.
"""

import json
import os
import pty
import re
import select
import sys
import time

PATIENCE = 60

# A key, Ctrl-T, that puts all completions into the line: readline(3), insert-completions; zshcompsys(1), _all_matches.
PREPARE = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
KEYS = {
    "bash": "bind '\"\\C-t\": insert-completions'; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'",
    "zsh": "bindkey -e; unsetopt zle_bracketed_paste beep prompt_sp; autoload -U compinit; compinit -D -u;"
    " zle -C all-matches complete-word _generic; bindkey '^T' all-matches;"
    " zstyle ':completion:all-matches:*' insert true;"
    " zstyle ':completion:all-matches::::' completer _all_matches _complete",
}


class Shell:
    def __init__(self, name):
        child, self.terminal = pty.fork()
        if child == 0:
            os.environ.update(TERM="xterm", PS1="$ ", COLUMNS="4000", HISTFILE="/dev/null", LC_ALL="C.UTF-8")
            os.execvp(name, PREPARE[name])
        self.heard = ""

    def type(self, text):
        os.write(self.terminal, text.encode())

    def until(self, pattern):
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.heard, re.S)
            if found:
                self.heard = self.heard[found.end() :]
                return found
            if time.monotonic() > end:
                raise SystemExit(f"no {pattern} in {self.heard!r}")
            if select.select([self.terminal], [], [], 1)[0]:
                self.heard += os.read(self.terminal, 65536).decode(errors="replace")


def main():
    name, script = sys.argv[1:]
    shell = Shell(name)
    # The quotes keep what is typed, which the terminal echoes, from looking like what is answered.
    shell.type(f"{KEYS[name]}\n")
    shell.type(f". {script}; echo REA''DY\n")
    shell.until(r"READY\r?\n")
    answers = []
    for line in json.load(sys.stdin):
        shell.type(f"{line}\x14 \x01printf '<%s>' \x05; echo DO''NE\n")
        words = shell.until(r"((?:<[^<>]*>)*)DONE\r?\n").group(1)
        answers.append(re.findall(r"<([^<>]*)>", words))
    shell.type("exit\n")
    print(json.dumps(answers))


main()

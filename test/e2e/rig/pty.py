# Runs a command in a pseudo-terminal of its own (40 rows, 120 columns) and copies between it and the standard streams.
import fcntl, os, pty, select, signal, struct, sys, termios

pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
watched = [terminal, 0]
while True:
    for source in select.select(watched, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b''
        if data:
            os.write(1 if source == terminal else terminal, data)
        else:
            watched.remove(source)
    if terminal not in watched:
        break
status = os.waitpid(pid, 0)[1]
if os.WIFSIGNALED(status):
    signal.signal(os.WTERMSIG(status), signal.SIG_DFL) if os.WTERMSIG(status) != signal.SIGKILL else None
    os.kill(os.getpid(), os.WTERMSIG(status))
sys.exit(os.WEXITSTATUS(status))

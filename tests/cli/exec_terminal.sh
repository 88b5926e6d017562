# A job on a terminal: Ctrl-C stops the program, Ctrl-Z the whole job, and a shell goes on with it where it likes.
expect 0 kist init
mkfifo begun again long
cat >shell.py <<'END'
import os, pty, signal, sys

def until(name):
    """Each fifo is opened by both sides at once."""
    open(name).close()

def made(name):
    open(name, "w").close()

def job(*command):
    """Starts one as a shell with job control does, in the foreground."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        for number in signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP, signal.SIGINT:
            signal.signal(number, signal.SIG_DFL)
        os.execvp("kist", ["kist", "exec", "-q", *command])
    return pid

def stopped(pid):
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), status

def shell():
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    own = os.getpgrp()
    pid = job("--id", "keys", "--", "sh", "-c", ": >begun; read -r word; echo $word >got")
    stopped(pid)
    assert os.tcgetpgrp(0) == pid, "the terminal was not given back"
    os.tcsetpgrp(0, own)
    # In the background it may not read, and has no claim to the terminal.
    os.kill(-pid, signal.SIGCONT)
    stopped(pid)
    assert os.tcgetpgrp(0) == own, "the terminal was taken from the shell"
    os.tcsetpgrp(0, pid)
    os.kill(-pid, signal.SIGCONT)
    made("again")
    _, status = os.waitpid(pid, 0)
    assert os.WEXITSTATUS(status) == 0, status
    assert os.tcgetpgrp(0) == pid, "the terminal was not given back in the end"
    assert open("got").read() == "word\n"
    os.tcsetpgrp(0, own)
    pid = job("--id", "cut", "--", "sh", "-c", ": >long; exec sleep 600")
    _, status = os.waitpid(pid, 0)
    assert os.WEXITSTATUS(status) == 130, status
    os.tcsetpgrp(0, own)

pid, terminal = pty.fork()
if pid == 0:
    try:
        shell()
    except BaseException as why:
        open("why", "w").write(repr(why))
        os._exit(1)
    os._exit(0)
until("begun")
os.write(terminal, b"\x1a")
until("again")
os.write(terminal, b"word\n")
until("long")
os.write(terminal, b"\x03")
_, status = os.waitpid(pid, 0)
sys.exit(open("why").read() if os.path.exists("why") else status)
END
timeout 120 python3 shell.py
expect 0 kist job show keys
says out finished
expect 0 kist job show cut
says out stopped

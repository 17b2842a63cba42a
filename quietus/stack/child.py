"""Becomes one program of the stack: runs as the right user, and is ended when its starter dies.

Run as `python -I -S child.py DEATH_SIGNAL PARENT UID GID PROGRAM ARGUMENT…`. A program of its own and not a
preexec_fn, because Python code between fork and exec can deadlock in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
UNCHANGED = -1


def become(death_signal: int, parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Does not return: this process is COMMAND from here on."""
    os.umask(0o077)
    # A shell that runs us in the background ignores the interrupt, and that would be inherited.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if uid != UNCHANGED:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After the change of user, which would clear it. Elsewhere strays are stopped at the next start.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # died before the line above
            os._exit(1)
    try:
        os.execv(command[0], command)  # noqa: S606 - a fixed program, no shell wanted  # nosec B606
    except OSError as reason:
        sys.stderr.write(f"{command[0]}: {reason.strerror}\n")
        os._exit(127)


if __name__ == "__main__":
    signal_number, starter_pid, user, group = (int(word) for word in sys.argv[1:5])
    become(signal_number, starter_pid, user, group, sys.argv[5:])

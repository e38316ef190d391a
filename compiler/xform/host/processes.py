"""Processes of this machine: which one this is, and whether another is gone.

A number alone does not name a process: numbers are used again, and a container has its own. On
Linux the mark is the boot of the machine, the namespace of numbers and the tick at which the
process began.
"""

from __future__ import annotations

import os
from pathlib import Path

from xform.run.leases import Process

_PROC = Path("/proc")


def this_process() -> Process:
    pid = os.getpid()
    place, start = _place(), _start(pid)
    return Process(_host(), pid, f"{place} {start}" if place and start else "")


def is_gone(process: Process) -> bool:
    """Whether a process has certainly ended. One of another machine never has, as far as can be
    told from here."""
    if process.host != _host():
        return False
    place, _, start = process.mark.rpartition(" ")
    if place != _place():
        return False
    return _start(process.pid) != start if place else not _exists(process.pid)


def _host() -> str:
    if os.name == "posix":
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "")


def _place() -> str:
    """Where numbers of processes mean the same: this boot, this namespace."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start(pid: int) -> str:
    """The tick at which a process began; empty where it has ended, though nobody has asked for
    its exit code yet."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    # The name in brackets may hold anything; state is the first field behind it (proc(5)).
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool:
    if os.name != "posix":
        return True  # os.kill would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True

"""Measures whole processes: CPU time, wall time and peak memory, as the kernel counted them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu` and `wall` in seconds, `memory` in bytes.

    `cpu` is user and system time of the process and of all its children that it waited for;
    `memory` is the most that one of them held at a time.
    """

    cpu: float
    wall: float
    memory: int


class CommandFailed(Exception):  # noqa: N818 - says what is the case
    """A measured command ended with another exit code than 0; the message holds its output."""


def run(command: Sequence[str], directory: Path, environ: Mapping[str, str]) -> Cost:
    """Run a command to its end and measure it. Raises CommandFailed.

    The kernel counts what the parent held at the fork towards the child's peak, so the process
    that calls this should stay small: nothing heavy is imported here.
    """
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")[-4000:]
            raise CommandFailed(f"{' '.join(command)}: exit {process.returncode}\n{said}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit)


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each number by itself."""
    return Cost(
        median(cost.cpu for cost in costs),
        median(cost.wall for cost in costs),
        round(median(cost.memory for cost in costs)),
    )

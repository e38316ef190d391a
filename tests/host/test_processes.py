"""Which process this is, and whether another has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import msgspec
import pytest

from xform.host.heartbeat import repeated
from xform.host.processes import is_gone, this_process
from xform.run.leases import Process

replace = msgspec.structs.replace


def of_another() -> tuple[subprocess.Popen[bytes], Process]:
    """A process that ends with its input, and what it says of itself."""
    code = (
        "import sys, msgspec; from xform.host.processes import this_process\n"
        "sys.stdout.buffer.write(msgspec.json.encode(this_process()) + b'\\n')\n"
        "sys.stdout.flush(); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    return process, msgspec.json.decode(process.stdout.readline(), type=Process)


def test_this_process_is_not_gone() -> None:
    this = this_process()
    assert this.pid == os.getpid()
    assert not is_gone(this)


def test_another_is_gone_when_it_has_ended() -> None:
    other, named = of_another()
    assert named.pid == other.pid
    assert not is_gone(named)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert not named.mark or is_gone(named)  # ended, though nobody has asked for its exit code
    other.communicate()
    assert is_gone(named)


@pytest.mark.skipif(not this_process().mark, reason="only Linux tells processes apart")
def test_a_number_that_is_used_again_is_another_process() -> None:
    this = this_process()
    assert is_gone(replace(this, mark=f"{this.mark}0"))


def test_of_processes_elsewhere_nothing_is_known() -> None:
    other, named = of_another()
    other.kill()
    other.communicate()
    assert not is_gone(replace(named, host="elsewhere"))
    assert not is_gone(replace(named, mark="another boot 17"))


def test_work_is_repeated_until_the_body_is_done() -> None:
    twice = threading.Semaphore(0)
    with repeated(twice.release, 0.01):
        assert twice.acquire(timeout=10)
        assert twice.acquire(timeout=10)
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]

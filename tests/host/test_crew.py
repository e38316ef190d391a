"""Processes beside this one answer all, or leave it to this one, and end when they are told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xform.host.crew import can_fork

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")

SCRIPT = """\
import os, signal, sys, time
from xform.host.crew import Crew, can_fork

def work(message):
    if message == b"fail":
        raise ValueError(message)
    if message == b"die":
        os._exit(1)
    if message == b"sleep":
        time.sleep(1000)
    return message * 2

def asked(crew, messages):
    found, waiting = {}, list(enumerate(messages))
    while waiting or crew.busy:
        while waiting and crew.has_room:
            number, message = waiting.pop(0)
            crew.ask(str(number), message)
        found.update(crew.answers(wait=True))
        if not crew.has_room:
            break
    return found

assert can_fork()
"""


def run(body: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: only one without threads can be copied."""
    return subprocess.run(
        [sys.executable, "-c", SCRIPT + body],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def passes(body: str) -> None:
    result = run(body)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_every_message_is_answered() -> None:
    passes(
        "crew = Crew(work, 3)\n"
        "for _ in range(2):\n"
        "    messages = [str(n).encode() for n in range(100)]\n"
        "    found = asked(crew, messages)\n"
        "    assert found == {str(n): m * 2 for n, m in enumerate(messages)}\n"
        "assert crew.answers(wait=True) == []\n"
        "crew.close()\n"
    )


def test_large_messages_and_answers_pass_each_other() -> None:
    passes(
        "crew = Crew(work, 2)\n"
        "messages = [bytes([n]) * 3_000_000 for n in range(12)]\n"
        "assert asked(crew, messages) == {str(n): m * 2 for n, m in enumerate(messages)}\n"
        "crew.close()\n"
    )


def test_what_fails_is_answered_with_nothing() -> None:
    passes(
        "crew = Crew(work, 1)\n"
        "assert asked(crew, [b'a', b'fail', b'b']) == {'0': b'aa', '1': b'', '2': b'bb'}\n"
        "crew.close()\n"
    )


def test_who_dies_leaves_the_rest_unanswered() -> None:
    passes(
        "crew = Crew(work, 1)\n"
        "found = asked(crew, [b'a', b'die', b'b', b'c'])\n"
        "assert found == {'0': b'aa', '1': b'', '2': b'', '3': b''}\n"
        "assert not crew.has_room and not crew.busy\n"
        "crew.close()\n"
    )


def test_closing_ends_those_that_work() -> None:
    passes(
        "crew = Crew(work, 2)\n"
        "crew.ask('a', b'sleep')\n"
        "crew.close()\n"
        "try:\n"
        "    os.waitpid(-1, 0)\n"
        "except ChildProcessError:\n"
        "    pass\n"
        "else:\n"
        "    raise AssertionError('a process is left')\n"
    )


def test_output_is_written_once() -> None:
    result = run("print('once', end='')\ncrew = Crew(work, 2)\nasked(crew, [b'a'])\ncrew.close()\n")
    assert (result.returncode, result.stdout, result.stderr) == (0, "once", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_none_outlives_the_original(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C goes to all of a group, of which only the original answers; and it may be killed."""
    body = (
        # A job in the background of a shell is deaf to it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "crew = Crew(lambda m: str(os.getpid()).encode(), 2)\n"
        "pids = asked(crew, [b'a', b'b', b'c', b'd', b'e'])\n"
        "print(*{int(p) for p in pids.values()}, flush=True)\n"
        "time.sleep(1000)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT + body],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.kill()
        assert process.stderr.read().count("Traceback") == (number is signal.SIGINT)
    assert pids
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() and not _is_dead(pid) for pid in pids):
        assert time.monotonic() < deadline, "a process is left"
        time.sleep(0.01)


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_process_with_threads_is_not_copied() -> None:
    passes(
        "import threading\n"
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
        "assert not can_fork()\n"
    )
    assert isinstance(can_fork(), bool)

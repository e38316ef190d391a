"""What user code prints, and requests to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from xform.host import clock
from xform.host.output import captured
from xform.host.signals import stop_requests


def test_each_thread_keeps_its_own_lines(capsys: pytest.CaptureFixture[str]) -> None:
    seen: dict[int, list[str]] = {number: [] for number in range(4)}
    barrier = threading.Barrier(4, timeout=10)

    def work(number: int) -> None:
        with captured(seen[number].append):
            barrier.wait()
            for _ in range(50):
                sys.stdout.write(f"{number}\n")
            sys.stdout.write("rest")
            barrier.wait()

    threads = [threading.Thread(target=work, args=(number,)) for number in seen]
    before = sys.stdout
    for thread in threads:
        thread.start()
    sys.stdout.write("mine")
    for thread in threads:
        thread.join()
    assert sys.stdout is before
    assert seen == {number: [str(number)] * 50 + ["rest"] for number in seen}
    assert capsys.readouterr().out == "mine"


def test_signals_are_counted_and_the_third_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_requests() as requests:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert requests.count == 2
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_run_names_differ_and_times_sort() -> None:
    assert clock.new_run_id() != clock.new_run_id()
    assert clock.now() <= clock.now()
    assert clock.now().endswith("Z")

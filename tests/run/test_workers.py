"""Threads that do the work of a run."""

from __future__ import annotations

import threading

import pytest

from xform.run.workers import Workers


def ended(workers: Workers[int], number: int) -> list[int]:
    found: list[int] = []
    while len(found) < number:
        found += [future.result() for future in workers.ended(10)]
    return found


def test_one_thread_does_what_comes_one_after_the_other() -> None:
    workers: Workers[int] = Workers()
    seen: set[int] = set()
    for _ in range(5):
        workers.submit(threading.get_ident)
        seen.update(ended(workers, 1))
    workers.close()
    assert len(seen) == 1


def test_work_at_once_has_a_thread_each() -> None:
    workers: Workers[int] = Workers()
    together = threading.Barrier(3, timeout=10)
    for _ in range(3):
        workers.submit(lambda: together.wait() * 0)
    assert ended(workers, 3) == [0, 0, 0]
    workers.close()


def test_what_hangs_does_not_keep_the_rest_waiting() -> None:
    workers: Workers[int] = Workers()
    go_on = threading.Event()
    stuck = workers.submit(lambda: int(go_on.wait(30)))
    workers.submit(lambda: 7)
    assert ended(workers, 1) == [7]
    assert not stuck.done()
    go_on.set()
    assert ended(workers, 1) == [1]
    workers.close()


def test_an_error_is_what_came_of_the_work() -> None:
    workers: Workers[int] = Workers()
    workers.submit(lambda: 1 // 0)
    (future,) = workers.ended(10)
    with pytest.raises(ZeroDivisionError):
        future.result()
    workers.close()


def test_threads_end_with_the_run() -> None:
    workers: Workers[threading.Thread] = Workers()
    workers.submit(threading.current_thread)
    (future,) = workers.ended(10)
    workers.close()
    future.result().join(10)
    assert not future.result().is_alive()

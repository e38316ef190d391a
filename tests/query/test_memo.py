"""Results are computed once for each content of their inputs, whatever becomes of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import msgspec
import pytest

from xform.base.hashing import digest_text
from xform.query.memo import Memo

ONE, TWO = digest_text("one"), digest_text("two")


class Answer(msgspec.Struct, frozen=True):
    text: str
    numbers: tuple[int, ...] = ()


class Shelf:
    """A store in memory that notes what it is asked for."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.values: dict[str, bytes] = {}
        self.loads: list[list[str]] = []
        self.saves: list[list[str]] = []

    def load(self, keys: Iterable[str]) -> dict[str, bytes]:
        wanted = list(keys)
        self.loads.append(wanted)
        return {key: self.values[key] for key in wanted if key in self.values}

    def save(self, values: Mapping[str, bytes]) -> bool:
        self.saves.append(sorted(values))
        if not self.full:
            self.values.update(values)
        return not self.full


def never() -> Answer:
    raise AssertionError("it is known already")


def stored(text: str = "known") -> Shelf:
    shelf = Shelf()
    memo = Memo(shelf)
    memo.put("parse", ONE, Answer(text, (1, 2)))
    memo.flush()
    return shelf


def test_a_result_is_computed_once() -> None:
    memo = Memo(Shelf())
    assert memo.get("parse", "a", ONE, Answer, lambda: Answer("x")) == Answer("x")
    assert memo.get("parse", "a", ONE, Answer, never) == Answer("x")
    assert memo.ran == [("parse", "a")]


def test_another_key_is_another_result() -> None:
    memo = Memo(Shelf())
    memo.get("parse", "a", ONE, Answer, lambda: Answer("x"))
    assert memo.get("parse", "a", TWO, Answer, lambda: Answer("y")) == Answer("y")
    assert memo.ran == [("parse", "a"), ("parse", "a")]


def test_another_query_is_another_result() -> None:
    memo = Memo(stored())
    assert memo.get("bind", "a", ONE, Answer, lambda: Answer("bound")) == Answer("bound")


def test_results_come_back_as_they_were() -> None:
    memo = Memo(stored())
    assert memo.get("parse", "a", ONE, Answer, never) == Answer("known", (1, 2))
    assert memo.ran == []


def test_nothing_is_saved_before_flush() -> None:
    shelf = Shelf()
    memo = Memo(shelf)
    memo.put("parse", ONE, Answer("x"))
    assert shelf.saves == []
    memo.flush()
    memo.flush()
    assert shelf.saves == [[f"parse/{ONE}"]]


@pytest.mark.parametrize("full", [False, True])
def test_much_that_is_new_is_saved_early_and_found_again(
    full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xform.query.memo.HELD", 1000)
    monkeypatch.setattr("xform.query.memo.RECENT", 2)
    shelf = Shelf(full=full)
    memo = Memo(shelf)
    keys = [digest_text(str(number)) for number in range(30)]
    memo.prefetch([("parse", key) for key in keys])
    for number, key in enumerate(keys):
        memo.get("parse", "a", key, Answer, partial(Answer, "x" * 100, (number,)))
    assert len(shelf.saves) == (1 if full else 3)
    for _ in range(2):
        for number, key in enumerate(keys):
            assert memo.get("parse", "a", key, Answer, never).numbers == (number,)


def test_a_part_of_a_result_can_be_read() -> None:
    class Part(msgspec.Struct, frozen=True):
        text: str

    memo = Memo(stored())
    for _ in range(2):
        assert memo.peek("parse", ONE, Part) == Part("known")
        assert memo.peek("parse", ONE, Answer) == Answer("known", (1, 2))


def test_prefetch_asks_once_for_all_of_them() -> None:
    shelf = stored()
    memo = Memo(shelf)
    memo.prefetch([("parse", ONE), ("parse", TWO)])
    memo.prefetch([("parse", ONE), ("parse", TWO)])
    assert memo.peek("parse", ONE, Answer) is not None
    assert memo.peek("parse", TWO, Answer) is None
    assert shelf.loads == [[f"parse/{ONE}", f"parse/{TWO}"]]


def test_a_miss_is_asked_for_once() -> None:
    shelf = Shelf()
    memo = Memo(shelf)
    assert memo.peek("parse", ONE, Answer) is None
    assert memo.peek("parse", ONE, Answer) is None
    assert len(shelf.loads) == 1


def test_peeking_counts_as_no_run() -> None:
    memo = Memo(Shelf())
    memo.peek("parse", ONE, Answer)
    memo.put("parse", ONE, Answer("x"))
    assert memo.ran == []


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode(Answer("known"))[:-1],
        msgspec.msgpack.encode(Answer("known")) + b"\x00",
        msgspec.msgpack.encode({"text": 1}),
        msgspec.msgpack.encode(["other", "shape"]),
        b"\x81\xa4text\xa2\xff\xfe",
        b"\x00" * 64,
    ],
    ids=["empty", "bad", "short", "long", "mistyped", "shape", "utf8", "zeros"],
)
def test_what_cannot_be_read_is_computed_anew(value: bytes) -> None:
    shelf = stored()
    shelf.values[f"parse/{ONE}"] = value
    memo = Memo(shelf)
    assert memo.get("parse", "a", ONE, Answer, lambda: Answer("new")) == Answer("new")
    memo.flush()
    assert Memo(shelf).peek("parse", ONE, Answer) == Answer("new")


def test_any_damage_to_a_value_is_survived() -> None:
    whole = msgspec.msgpack.encode(Answer("known", (1, 2)))
    for place in range(len(whole)):
        for bit in range(8):
            shelf = Shelf()
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            shelf.values[f"parse/{ONE}"] = bytes(damaged)
            found = Memo(shelf).peek("parse", ONE, Answer)
            assert found is None or isinstance(found, Answer)


def test_an_error_leaves_nothing_behind() -> None:
    shelf = Shelf()
    memo = Memo(shelf)
    with pytest.raises(AssertionError):
        memo.get("parse", "a", ONE, Answer, never)
    memo.flush()
    assert shelf.values == {}


class Part(msgspec.Struct, frozen=True):
    """An answer as far as some ask for it."""

    text: str


@pytest.mark.parametrize("flushed", [True, False])
def test_a_part_of_a_result_is_of_the_last_one(*, flushed: bool) -> None:
    memo = Memo(stored("old"))
    memo.prefetch([("parse", ONE)])
    assert memo.peek("parse", ONE, Answer) == Answer("old", (1, 2))
    assert memo.peek("parse", ONE, Part) == Part("old")
    memo.put("parse", ONE, Answer("new"))
    if flushed:
        memo.flush()
    assert memo.peek("parse", ONE, Part) == Part("new")

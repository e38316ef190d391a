"""Bounds on what a template may do, so that a slip ends in a diagnostic and not in swap.

They keep a template within seconds and a few hundred megabytes; they are no defence against a
Python macro, which may do anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any

from xform.template.faults import TooMuchError

OUTPUT = 20_000_000
"""Characters of rendered text, and of any one value."""
PRINTED = 200_000_000
"""Characters that expressions print in all, macros included."""
STEPS = 2_000_000
"""Loop steps and calls."""
CALL = 5
"""Steps that a call counts for: it takes about as long."""
FAILURE = 2_000
"""Steps that an expression counts for that fails, once all that fail are looked for."""
ITEM = 10
"""Characters that an item counts for when a value is measured before it is printed."""
DEPTH = 90
"""Calls within calls. About seven Python frames each, and Python allows a thousand."""
ITEMS = 1_000_000
"""Length of a list that is made by repeating or adding."""
BITS = 100_000
"""Size of a whole number."""

WIDTH = re.compile(r"\d{7,}|\*")


def too_large() -> TooMuchError:
    return TooMuchError(
        f"template makes a text of more than {OUTPUT:,} characters",
        "make the repetition smaller; data of this size belongs into a seed",
    )


class Budget:
    """What one rendering has used so far."""

    __slots__ = ("printed", "steps")

    def __init__(self) -> None:
        self.steps = 0
        self.printed = 0

    def step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > STEPS:
            raise TooMuchError(
                f"template takes more than {STEPS:,} loop steps and calls",
                "make its loops shorter; what needs this many rows belongs into SQL",
            )

    def spend(self, characters: int) -> None:
        self.printed += characters
        if characters > OUTPUT or self.printed > PRINTED:
            raise too_large()


def measure(value: object, room: int = OUTPUT) -> int:
    """The rough printed size of a value; raises TooMuchError above `room`.

    Containers that hold themselves many times over are small in memory and endless in print.
    """
    used = 0
    open_items: list[object] = [value]
    while open_items:
        item = open_items.pop()
        used += len(item) if isinstance(item, str) else ITEM
        if used > room:
            raise too_large()
        if isinstance(item, list | tuple):
            open_items.extend(item)
        elif isinstance(item, Mapping):
            open_items.extend(item.values())
    return used


def check_text(size: int) -> None:
    if size > OUTPUT:
        raise too_large()


def _check_items(count: int) -> None:
    if count > ITEMS:
        raise TooMuchError(
            f"template makes a list of more than {ITEMS:,} items",
            "make the repetition smaller; data of this size belongs into a seed",
        )


def _check_bits(bits: int) -> None:
    if bits > BITS:
        raise TooMuchError(
            f"template makes a number of more than {BITS:,} bits",
            "use smaller numbers, or compute in SQL",
        )


def check_operator(operator: str, left: Any, right: Any) -> None:
    """Bounds of the operators `+ * ** %`, before they are carried out."""
    match operator, left, right:
        case "*", int(), int():
            _check_bits(left.bit_length() + right.bit_length())
        case "**", int(), int() if right > 0:
            _check_bits(left.bit_length() * right)
        case ("*", str(), int()) | ("*", int(), str()):
            text, times = (left, right) if isinstance(left, str) else (right, left)
            check_text(len(text) * max(times, 0))
        case ("*", Sized(), int()) | ("*", int(), Sized()):
            items, times = (left, right) if isinstance(left, Sized) else (right, left)
            _check_items(len(items) * max(times, 0))
        case "+", str(), str():
            check_text(len(left) + len(right))
        case "+", Sized(), Sized():
            _check_items(len(left) + len(right))
        case "%", str(), _:
            check_format(left, right if isinstance(right, tuple) else (right,))
        case _:
            pass


def check_format(pattern: str, values: Iterable[object]) -> None:
    """A width in a format can make any size of text."""
    if WIDTH.search(pattern):
        raise too_large()
    measure(list(values))


def check_numbers(values: Iterable[object]) -> None:
    """Whole numbers that a text function will use as a width."""
    for value in values:
        if isinstance(value, int) and abs(value) > OUTPUT:
            raise too_large()


def check_replace(text: str, old: str, new: str) -> None:
    check_text(len(text) + text.count(old) * len(new))


def check_method(owner: object, method: str, args: Sequence[Any]) -> None:
    """Bounds of the methods of built-in values, before they are called."""
    match owner, method:
        case str(), "replace" if len(args) > 1 and all(isinstance(arg, str) for arg in args[:2]):
            check_replace(owner, args[0], args[1])
        case str(), "join" if args and isinstance(args[0], list | tuple):
            measure(args[0])
            check_text(len(owner) * len(args[0]))
        case str(), "format" | "format_map":
            check_format(owner, args)
            check_numbers(args)
        case ((str() | bytes() | int()), _):
            check_numbers(args)
        case list(), "extend" if args and isinstance(args[0], Sized):
            _check_items(len(owner) + len(args[0]))
        case _:
            pass

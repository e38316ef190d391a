"""What the engine converts by itself where types meet, and what of that fails or surprises."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence

from xform.sema.types.type import NULL, NUMERIC, TEMPORAL, TEXT_LITERAL, VARCHAR, Type, settled
from xform.sql.ir import Expr, Op

TOGETHER = frozenset(["coalesce", "greatest", "if", "ifnull", "least"])
"""Calls whose arguments become one type (of `if`, all but the first)."""
WORDS = frozenset(
    ["epoch", "inf", "infinity", "nan", "now", "today", "tomorrow", "yesterday"]
)  # fmt: skip
"""Texts without a digit that may be numbers or points in time."""
CONVERTED = (frozenset(["boolean", "number"]), frozenset(["moment", "time"]))
"""Pairs of families, besides text with any, that are converted into each other."""
_DAY = re.compile(r"\s*([1-9]\d{3})-(\d\d?)-(\d\d?)(?!\d)")
SHOWN = 30
"""Characters of a text that are shown."""


def differ(left: Type, right: Type, *, strictly: bool = False) -> bool:
    """Whether values of two types only compare after a conversion that may fail or surprise;
    `strictly`, as between the keys of a join, days and points in time count too."""
    left, right = (side if side.literal == "text" else settled(side) for side in (left, right))
    if left is right or TEXT_LITERAL in (left, right) or NULL in (left, right):
        return False
    families = {_family(left), _family(right)}
    if None in families:
        return False
    if len(families) == 1:
        return strictly and "date" in (left.name, right.name) and left.name != right.name
    return True


def conversion(left: Type, right: Type) -> str:
    """What comes of comparing types that differ, and what to do."""
    if VARCHAR in (left, right):
        other = right if left is VARCHAR else left
        return (
            f"each text is converted to {other.text}, and one that is none fails the build; "
            f"cast it where it comes from, or use try_cast"
        )
    pair = frozenset([_family(left), _family(right)])
    if len(pair) == 1 or pair in CONVERTED or "text" in pair:
        return "cast one side to the type that you mean"
    return (
        "nothing converts one into the other, so the build fails: put values of one kind together"
    )


def converts(left: Type, right: Type) -> bool:
    """Whether a value of one type may become one of the other."""
    pair = frozenset([_family(left), _family(right)])
    return None in pair or len(pair) == 1 or pair in CONVERTED or "text" in pair


NEVER = "nothing converts one into the other, so the build fails: put values of one kind together"


def _family(type_: Type) -> str | None:
    """Types that compare with each other as they are; None for those that are not looked at."""
    name = type_.name
    if name in NUMERIC:
        return "number"
    if name in TEMPORAL:
        return "moment"
    if name in ("varchar", "enum"):
        return "text"
    return name if name in ("boolean", "interval", "time", "uuid", "list", "struct") else None


def is_none_of(text: str, type_: Type) -> bool:
    """Whether a literal, by its canonical text, is a text that is no value of a type for sure:
    numbers and points in time have a digit in them, but for a few words."""
    if not text.startswith("'") or _family(type_) not in ("number", "moment"):
        return False
    if any(sign.isdigit() for sign in text):
        return _family(type_) == "moment" and _is_no_day(text[1:-1])
    return text.strip("' +-\t\n").lower() not in WORDS


def _is_no_day(text: str) -> bool:
    """Whether a text is written as a day that no calendar has: `2023-02-29`."""
    found = _DAY.match(text)
    if found is None:
        return False
    year, month, day = (int(part) for part in found.groups())
    return not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]


def put_together(expr: Op) -> Sequence[Expr]:
    """The operands that an operator or call turns into the type that it yields."""
    tag = expr.tag
    if tag.startswith("case "):
        branches = expr.args[1:] if tag.startswith("case this ") else expr.args
        return [
            item.args[1] if isinstance(item, Op) and item.tag.startswith("if ") else item
            for item in branches
        ]
    if tag == "cast":
        return expr.args[:1]
    if tag in TOGETHER or tag.startswith("array "):
        return expr.args[tag == "if" :]
    return ()


def shortened(text: str) -> str:
    """A literal as a message shows it."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…'"

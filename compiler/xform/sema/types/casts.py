"""Implicit casts: what the engine turns into what by itself, and which overload that makes best.

Costs are DuckDB's: of all overloads whose parameters the arguments can be cast to, it takes the
one with the lowest sum, and refuses a call where two are equal. Common types are those that its
CASE, COALESCE, lists and set operations give.
"""

from __future__ import annotations

from functools import cache

from xform.sema.types.type import (
    BIGNUM,
    DIGITS,
    DOUBLE,
    FLOAT,
    JSON,
    NESTED,
    NULL,
    RANGES,
    UNKNOWN,
    VARCHAR,
    WIDEST,
    Type,
    decimal,
    list_of,
    make,
    settled,
)

IMPOSSIBLE = -1
_COSTS = {
    "bigint": 101, "integer": 102, "hugeint": 103, "double": 104, "decimal": 105,
    "timestamp_ns": 119, "timestamp": 120, "timestamp_ms": 121, "timestamp_s": 122,
    "timestamp with time zone": 123, "varchar": 149, "json": 149,
    "list": 160, "array": 160, "struct": 160, "map": 160, "union": 160, "tuple": 160,
}  # fmt: skip
"""What a cast to a type costs; 110 to any other."""
_OTHERS = 110
_SIGNED = ("tinyint", "smallint", "integer", "bigint", "hugeint")
_UNSIGNED = ("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint")
_INEXACT = ("decimal", "float", "double", "bignum")


def _castable() -> dict[str, frozenset[str]]:
    """To which types each is cast by itself. Everything becomes JSON, text literals anything."""
    found: dict[str, frozenset[str]] = {}
    for i, name in enumerate(_SIGNED):
        found[name] = frozenset([*_SIGNED[i + 1 :], *_INEXACT])
    for i, name in enumerate(_UNSIGNED):
        wider = () if name == "uhugeint" else _SIGNED[i + 1 :]
        found[name] = frozenset([*_UNSIGNED[i + 1 :], *wider, *_INEXACT])
    found["decimal"] = frozenset(["float", "double"])
    found["float"] = frozenset(["double", "bignum"])
    found["double"] = frozenset(["bignum"])
    found["bignum"] = frozenset(["double"])
    found["enum"] = frozenset(["varchar"])
    found["json"] = frozenset(["varchar"])
    zoned = ["timestamp with time zone", "timestamptz_ns"]
    found["date"] = frozenset(["timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", *zoned])
    found["timestamp_s"] = frozenset(["timestamp", "timestamp_ms", "timestamp_ns", *zoned])
    found["timestamp_ms"] = frozenset(["timestamp", "timestamp_ns", *zoned])
    found["timestamp_ns"] = frozenset(["timestamp"])
    found["timestamp"] = frozenset(["timestamp_ns", *zoned])
    return found


_CASTABLE = _castable()


def target_cost(type_: Type) -> int:
    return _COSTS.get(type_.name, _OTHERS)


def fits(literal: Type, type_: Type) -> bool:
    """Whether a whole number as written fits in a type of whole numbers."""
    low, high = RANGES[type_.name]
    return low <= literal.numbers[0] <= high


@cache
def cost(source: Type, target: Type) -> int:
    """What the implicit cast costs; IMPOSSIBLE where there is none."""
    if source is target or source is NULL:
        return 0 if source is target else target_cost(target)
    if source.literal == "text":
        return 1 if target is VARCHAR else 20
    if source.literal == "integer":
        if target.name != source.name and target.name in RANGES and fits(source, target):
            return target_cost(target) - 90
        return cost(settled(source), target)
    if source.name == target.name:
        return _same_kind(source, target)
    if target is JSON:
        return target_cost(JSON) if source is not VARCHAR else 1
    if source.name == "list" and target.name == "array":
        return _inner(source, target)
    if source.name == "array" and target.name == "list":
        return _inner(source, target)
    if target.name in _CASTABLE.get(source.name, ()):
        return target_cost(target)
    return IMPOSSIBLE


def _same_kind(source: Type, target: Type) -> int:
    if source.name == "decimal":
        return 0
    if source.name in NESTED and len(source.inner) == len(target.inner):
        return _inner(source, target)
    return IMPOSSIBLE


def _inner(source: Type, target: Type) -> int:
    total = 0
    for one, other in zip(source.inner, target.inner, strict=True):
        step = cost(one, other)
        if step == IMPOSSIBLE:
            return IMPOSSIBLE
        total += step
    return total


# Common types ------------------------------------------------------------------------------------


@cache
def common(left: Type, right: Type) -> Type | None:
    """The type of CASE, COALESCE and lists over two: None where the engine gives none."""
    if left is right:
        return left
    if UNKNOWN in (left, right):
        return UNKNOWN
    if NULL in (left, right):  # beside it, a literal is no longer one
        return settled(left if right is NULL else right)
    if left.literal or right.literal:
        return _with_literal(left, right)
    if JSON in (left, right):
        return JSON
    if left.name == right.name:
        return _common_alike(left, right)
    names = {left.name, right.name}
    if names == {"list", "array"}:
        inner = common(left.inner[0], right.inner[0])
        if left.inner[0] is not right.inner[0]:
            return UNKNOWN if inner is not None else None
        return left if left.name == "array" else right
    if "variant" in names:
        return left if left.name == "variant" else right
    if "boolean" in names:
        other = right if left.name == "boolean" else left
        return other if other.name in RANGES else None
    if "enum" in names and "varchar" in names:
        return VARCHAR
    if names <= _NUMBERS:
        return _common_number(left, right)
    return _common_time(left, right)


_NUMBERS = frozenset([*RANGES, *_INEXACT])


def _with_literal(left: Type, right: Type) -> Type | None:
    """Two literals are literals no longer."""
    if left.literal == right.literal:
        return settled(max(left, right, key=lambda type_: DIGITS.get(type_.name, 0)))
    if left.literal and right.literal:
        return settled(left if right.literal == "text" else right)
    literal, other = (left, right) if left.literal else (right, left)
    if literal.literal == "text":
        return VARCHAR if other.name == "enum" else other
    if other.name in RANGES and fits(literal, other):
        return other
    return common(settled(literal), other)


def _common_alike(left: Type, right: Type) -> Type | None:
    match left.name:
        case "decimal":
            return _common_decimal(left, right)
        case "enum":
            return VARCHAR
        case "struct":
            return _common_struct(left, right)
        case "list" | "map" | "tuple" | "array" if len(left.inner) == len(right.inner):
            inner = []
            for one, other in zip(left.inner, right.inner, strict=True):
                both = common(one, other)
                if both is None:
                    return None
                inner.append(both)
            if left.name == "array" and left.numbers != right.numbers:
                return list_of(inner[0])
            return make(left.name, tuple(inner), numbers=left.numbers)
        case _:
            return None


def _common_struct(left: Type, right: Type) -> Type | None:
    lower = [[label.lower() for label in side.labels] for side in (left, right)]
    if lower[0] != lower[1]:
        return UNKNOWN
    inner = [common(a, b) for a, b in zip(left.inner, right.inner, strict=True)]
    if any(type_ is None for type_ in inner):
        return None
    return make("struct", tuple(type_ for type_ in inner if type_ is not None), left.labels)


def _common_decimal(left: Type, right: Type) -> Type:
    scale = max(left.numbers[1], right.numbers[1])
    whole = max(left.numbers[0] - left.numbers[1], right.numbers[0] - right.numbers[1])
    width = min(whole + scale, WIDEST)
    return decimal(width, min(scale, width))


def as_decimal(type_: Type) -> Type | None:
    """The decimal that holds a whole number, or the type itself if it is one."""
    if type_.name == "decimal":
        return type_
    digits = DIGITS.get(type_.name)
    return decimal(digits, 0) if digits is not None else None


def _common_number(left: Type, right: Type) -> Type | None:
    names = {left.name, right.name}
    if names == {"bignum", "decimal"}:
        return None
    if "bignum" in names:
        return DOUBLE if "double" in names else BIGNUM
    if "double" in names:
        return DOUBLE
    if "float" in names:
        return FLOAT
    if "decimal" in names:
        one, other = as_decimal(left), as_decimal(right)
        assert one is not None
        assert other is not None
        return _common_decimal(one, other)
    return _common_whole(left, right)


def _common_whole(left: Type, right: Type) -> Type:
    if left.name in _SIGNED and right.name in _SIGNED:
        return max(left, right, key=lambda type_: _SIGNED.index(type_.name))
    if left.name in _UNSIGNED and right.name in _UNSIGNED:
        return max(left, right, key=lambda type_: _UNSIGNED.index(type_.name))
    signed, unsigned = (left, right) if left.name in _SIGNED else (right, left)
    rank = max(_SIGNED.index(signed.name), _UNSIGNED.index(unsigned.name) + 1)
    return make(_SIGNED[rank]) if rank < len(_SIGNED) else UNKNOWN


_FINER = ("date", "timestamp_s", "timestamp_ms", "timestamp", "timestamp_ns")
_ZONED = ("timestamp with time zone", "timestamptz_ns")


def _common_time(left: Type, right: Type) -> Type | None:
    if left.name in _FINER and right.name in _FINER:
        return max(left, right, key=lambda type_: _FINER.index(type_.name))
    for one, other in ((left, right), (right, left)):
        if one.name in _ZONED and other.name in _FINER[:4]:
            return one
    return None


_RANKS = {
    name: rank
    for rank, names in enumerate((
        ("boolean",), tuple(RANGES), ("decimal", "float", "double"),
        ("time", "time with time zone", "time_ns"),
        ("date", *_FINER, *_ZONED), ("interval",), ("varchar",), ("bit",), ("blob",), ("uuid",),
        ("bignum",), ("struct",), ("list", "array"), ("map",),
    ))
    for name in names
}  # fmt: skip
"""Where a set operation has two types that have nothing in common, the one that holds more wins."""


@cache
def merged(left: Type, right: Type) -> Type:
    """The type of a set operation's column, where there always is one."""
    left, right = settled(left), settled(right)
    found = common(left, right)
    if found is not None:
        return found
    left, right = (VARCHAR if side.name == "enum" else side for side in (left, right))
    ranks = [_RANKS.get(type_.name, -1) for type_ in (left, right)]
    if -1 in ranks or ranks[0] == ranks[1]:
        return UNKNOWN
    return left if ranks[0] > ranks[1] else right

"""What calls of functions yield, where it is not their signature alone that says so.

Each rule is given the types of the arguments and, where they are literals, their canonical text.
It gives None where the signature decides after all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeAlias

from xform.sema.types import type as types
from xform.sema.types.casts import as_decimal, common
from xform.sema.types.overloads import Refused, resolve, signatures
from xform.sema.types.type import (
    BIGINT,
    DOUBLE,
    INTERVAL,
    NULL,
    RANGES,
    TIMESTAMP,
    UBIGINT,
    UNKNOWN,
    VARCHAR,
    WIDEST,
    Type,
    decimal,
    list_of,
    make,
    map_of,
    settled,
)

Arguments: TypeAlias = tuple[Type, ...]
Values: TypeAlias = tuple[str | None, ...]
Result: TypeAlias = Type | Refused | None
Rule: TypeAlias = Callable[[Arguments, Values], Result]


@cache
def call(name: str, arguments: Arguments, values: Values = ()) -> Type | Refused:
    """What a function yields; UNKNOWN where that is not known, Refused where the engine takes no
    such arguments."""
    known = signatures(name) and name not in SHAPELESS
    resolved = resolve(name, arguments) if known else UNKNOWN
    if isinstance(resolved, Refused) and resolved.why != "ambiguous":
        return resolved
    rule = RULES.get(name)
    if rule is not None:
        if not arguments or UNKNOWN in arguments:
            return UNKNOWN
        found = rule(arguments, values or (None,) * len(arguments))
        if found is not None:
            return found
    if NULL in arguments:
        return UNKNOWN  # the engine makes it NULL, or not
    return UNKNOWN if isinstance(resolved, Refused) and _has_open(name) else resolved


def _has_open(name: str) -> bool:
    """Whether a function takes anything somewhere: then the engine chooses by rules of its own."""
    return any(
        parameter.template
        for signature in signatures(name)
        for parameter in (*signature.parameters, *((signature.others,) if signature.others else ()))
    )


# Rules -------------------------------------------------------------------------------------------


def _first(arguments: Arguments, _: Values) -> Type | None:
    return settled(arguments[0])


def _first_or_list(arguments: Arguments, _: Values) -> Type | None:
    """`max(x)`, `max(x, 3)`: the largest, or a list of the largest."""
    return settled(arguments[0]) if len(arguments) == 1 else list_of(arguments[0])


def _by_or_list(arguments: Arguments, _: Values) -> Type | None:
    return settled(arguments[0]) if len(arguments) < 3 else list_of(arguments[0])


def of_all(arguments: Sequence[Type]) -> Type | None:
    """The type common to all, from left to right; None where there is none."""
    result: Type | None = arguments[0] if arguments else NULL
    for argument in arguments[1:]:
        if result is None:
            return None
        result = common(result, argument)
    return result


def of_items(arguments: Arguments) -> Type | None:
    """The type of a list's items; None where they have none in common."""
    loose = [argument for argument in arguments if argument.literal or argument is NULL]
    if len(arguments) > len(loose) > 1:
        return UNKNOWN  # it depends on which stands first
    return of_all(arguments)


def _common(arguments: Arguments, _: Values) -> Result:
    found = of_all(arguments)
    return settled(found) if found is not None else Refused("mixed")


def _list(arguments: Arguments, _: Values) -> Type | None:
    found = of_items(arguments)
    return list_of(found) if found is not None and found is not UNKNOWN else UNKNOWN


def _array(arguments: Arguments, _: Values) -> Type | None:
    found = of_all([settled(argument) for argument in arguments])
    return types.array_of(found, len(arguments)) if found is not None else UNKNOWN


def _tuple(arguments: Arguments, _: Values) -> Type | None:
    return make("tuple", tuple(settled(argument) for argument in arguments))


def _sum(arguments: Arguments, _: Values) -> Type | None:
    only = arguments[0]
    return decimal(WIDEST, only.numbers[1]) if only.name == "decimal" else None


def _average(arguments: Arguments, _: Values) -> Type | None:
    return DOUBLE if arguments[0].name == "decimal" else None


def _rounded(arguments: Arguments, values: Values) -> Type | None:
    """Of a decimal, the scale becomes what it is rounded to."""
    only = arguments[0]
    if only.name != "decimal":
        return None if NULL not in arguments else UNKNOWN
    width, scale = only.numbers
    if len(arguments) == 1:
        return decimal(width, 0)
    digits = values[1]
    if digits is None or not digits.isdigit():
        return UNKNOWN
    return decimal(width, min(scale, int(digits)))


def _up(arguments: Arguments, _: Values) -> Type | None:
    only = arguments[0]
    return decimal(only.numbers[0], 0) if only.name == "decimal" else None


def _median(arguments: Arguments, _: Values) -> Type | None:
    only = settled(arguments[0])
    if only is NULL:
        return UNKNOWN
    if only.name in RANGES:
        return DOUBLE
    return TIMESTAMP if only.name == "date" else only


def _quantile(arguments: Arguments, _: Values) -> Type | None:
    if len(arguments) < 2:
        return UNKNOWN
    of_many = arguments[1].name in ("list", "array")
    if arguments[0].name in ("timestamp_s", "timestamp_ms", "timestamp_ns"):
        return UNKNOWN
    found = _median(arguments, ())
    return list_of(found) if of_many and found is not None else found


def _discrete(arguments: Arguments, _: Values) -> Type | None:
    if len(arguments) < 2:
        return UNKNOWN
    of_many = arguments[1].name in ("list", "array")
    return list_of(arguments[0]) if of_many else settled(arguments[0])


def _counts(arguments: Arguments, _: Values) -> Type | None:
    return map_of(arguments[0], UBIGINT) if len(arguments) == 1 else UNKNOWN


def _concat(arguments: Arguments, _: Values) -> Type | None:
    """Text, unless all are lists, or blobs."""
    kinds = {argument.name for argument in arguments}
    if NULL in arguments or kinds & {"list", "array", "blob", "bit"}:
        return UNKNOWN
    return VARCHAR


def _concat_lists(arguments: Arguments, _: Values) -> Result:
    if any(argument.name != "list" for argument in arguments):
        return UNKNOWN
    return _common(arguments, ())


def _sliced(arguments: Arguments, _: Values) -> Type | None:
    only = settled(arguments[0])
    if NULL in arguments:
        return UNKNOWN
    if only is types.JSON:
        return VARCHAR  # a document is a text to it
    return list_of(only.inner[0]) if only.name == "array" else only


def _sorted(arguments: Arguments, _: Values) -> Type | None:
    only = arguments[0]
    if NULL in arguments:
        return UNKNOWN
    if only.name == "array":
        return list_of(only.inner[0])
    return only if only.name == "list" else UNKNOWN


def _zipped(arguments: Arguments, _: Values) -> Type | None:
    if any(argument.name not in ("list", "array") for argument in arguments):
        return UNKNOWN
    return list_of(make("tuple", tuple(argument.inner[0] for argument in arguments)))


def _in_list(arguments: Arguments, _: Values) -> Type | None:
    return list_of(arguments[0])


def _extracted(arguments: Arguments, values: Values) -> Type | None:
    """A field, an item or a value of what holds others."""
    whole, key = arguments[0], arguments[1] if len(arguments) > 1 else NULL
    if NULL in arguments[:2]:
        return UNKNOWN
    match whole.name:
        case "list" | "array":
            return whole.inner[0]
        case "map":
            return whole.inner[1]
        case "struct":
            field = (values[1] or "").strip("'").lower()
            names = [label.lower() for label in whole.labels]
            return whole.inner[names.index(field)] if field in names else UNKNOWN
        case "tuple":
            number = values[1] or ""
            place = int(number) - 1 if number.isdigit() else -1
            return whole.inner[place] if 0 <= place < len(whole.inner) else UNKNOWN
        case "varchar" if settled(key).name in RANGES:
            return VARCHAR
        case _:
            return UNKNOWN


FRACTIONAL = frozenset(["epoch", "julian"])


def _date_part(arguments: Arguments, values: Values) -> Type | None:
    """`date_part('year', x)`: whole, but for the units that count fractions."""
    unit = values[0]
    if settled(arguments[0]) is not VARCHAR or NULL in arguments:
        return UNKNOWN
    if unit is None:
        return UNKNOWN  # the versions of DuckDB differ
    return DOUBLE if unit.strip("'").lower() in FRACTIONAL else BIGINT


def _truncated(arguments: Arguments, _: Values) -> Type | None:
    """`date_trunc` makes dates timestamps in this version of DuckDB or that."""
    return None if NULL not in arguments else UNKNOWN


_HELD = 18
"""How many digits a whole number of 64 bits holds: products do not grow beyond by themselves."""


def _added(arguments: Arguments, _: Values) -> Type | None:
    """Sums and differences of decimals: wide enough for one more digit."""
    both = _decimals(arguments)
    if both is None:
        return None
    (width, scale), (other_width, other_scale) = both
    widest = max(width, other_width)
    digits = max(width - scale, other_width - other_scale)
    needed = max(max(scale, other_scale) + digits, widest) + 1
    if needed > _HELD >= widest:
        return UNKNOWN  # up to DuckDB 1.5 it stays within 18 digits
    return decimal(min(needed, WIDEST), max(scale, other_scale))


def _multiplied(arguments: Arguments, _: Values) -> Type | None:
    both = _decimals(arguments)
    if both is None:
        return None
    (width, scale), (other_width, other_scale) = both
    needed, digits = width + other_width, scale + other_scale
    if digits > WIDEST:
        return UNKNOWN
    if needed > _HELD and max(width, other_width) <= _HELD and digits < _HELD:
        needed = _HELD
    return decimal(min(needed, WIDEST), digits)


def _remainder(arguments: Arguments, _: Values) -> Type | None:
    both = _decimals(arguments)
    if both is None:
        return None
    (width, scale), (other_width, other_scale) = both
    needed = max(scale, other_scale) + max(width - scale, other_width - other_scale)
    return decimal(needed, max(scale, other_scale)) if needed <= WIDEST else DOUBLE


def _decimals(arguments: Arguments) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Width and scale of both operands, where they are worked on as decimals."""
    if len(arguments) != 2 or "decimal" not in {argument.name for argument in arguments}:
        return None
    left, right = (as_decimal(argument) for argument in arguments)
    if left is None or right is None:
        return None
    return left.numbers, right.numbers


def _interval(arguments: Arguments, _: Values) -> Type | None:
    return INTERVAL if NULL not in arguments else UNKNOWN


def _unknown(_: Arguments, __: Values) -> Type | None:
    return UNKNOWN


def _repeated(arguments: Arguments, _: Values) -> Type | None:
    return VARCHAR if settled(arguments[0]) is VARCHAR and NULL not in arguments else UNKNOWN


def _appended(arguments: Arguments, _: Values) -> Type | None:
    """A list and an item, in this order."""
    if len(arguments) != 2 or arguments[0].name != "list" or NULL in arguments:
        return UNKNOWN
    item = common(arguments[0].inner[0], arguments[1])
    return list_of(item) if item is not None else UNKNOWN


def _prepended(arguments: Arguments, _: Values) -> Type | None:
    return _appended(arguments[::-1], ())


def _over_items(aggregate: str) -> Rule:
    """`list_sum(x)`: an aggregate of a list's items."""

    def rule(arguments: Arguments, _: Values) -> Type | None:
        if len(arguments) != 1 or arguments[0].name not in ("list", "array"):
            return UNKNOWN
        found = call(aggregate, (arguments[0].inner[0],))
        return found if isinstance(found, Type) else UNKNOWN

    return rule


def _entries(arguments: Arguments, _: Values) -> Type | None:
    only = arguments[0]
    return list_of(types.struct(("key", "value"), only.inner)) if only.name == "map" else UNKNOWN


def _from_entries(arguments: Arguments, _: Values) -> Type | None:
    only = arguments[0]
    if only.name == "list" and only.inner[0].name in ("struct", "tuple"):
        pair = only.inner[0].inner
        return map_of(*pair) if len(pair) == 2 else UNKNOWN
    return UNKNOWN


def _approximate(arguments: Arguments, _: Values) -> Type | None:
    """The versions of DuckDB differ over decimals."""
    return UNKNOWN if arguments[0].name == "decimal" or NULL in arguments else None


def _inexact(arguments: Arguments, _: Values) -> Type | None:
    names = {argument.name for argument in arguments}
    if "float" not in names:
        return DOUBLE
    return types.FLOAT if names == {"float"} else UNKNOWN


def _always(type_: Type) -> Rule:
    return lambda arguments, values: type_


SHAPELESS = frozenset(
    ["fill", "first_value", "lag", "last_value", "lead", "map_from_entries", "nth_value"]
)
"""Functions that take more shapes than their signatures say."""

RULES: dict[str, Rule] = {
    "repeat": _repeated,
    **dict.fromkeys(["list_append", "array_append", "array_push_back"], _appended),
    **dict.fromkeys(["list_prepend", "array_prepend", "array_push_front"], _prepended),
    **{
        f"list_{name}": _over_items(name)
        for name in ("any_value", "avg", "bool_and", "bool_or", "count", "entropy", "first",
                     "kurtosis", "last", "mad", "max", "median", "min", "mode", "product",
                     "skewness", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp")
    },
    "map_entries": _entries,
    "map_from_entries": _from_entries,
    "date_add": lambda arguments, _: _known(call("add", arguments)),
    "split_part": _always(VARCHAR),
    "typeof": _always(types.TEXT_LITERAL),
    "array_to_string": _always(VARCHAR),
    **dict.fromkeys(["fdiv", "fmod"], _inexact),
    **dict.fromkeys(["json_group_array", "json_group_object"], _always(types.JSON)),
    **dict.fromkeys(["approx_quantile", "reservoir_quantile"], _approximate),
    **dict.fromkeys(
        ["any_value", "arbitrary", "first", "last", "mode", "first_value",
         "last_value", "nth_value", "lag", "lead", "nullif", "fill"], _first,
    ),
    **dict.fromkeys(["max", "min"], _first_or_list),
    **dict.fromkeys(
        ["arg_max", "arg_min", "argmax", "argmin", "max_by", "min_by", "arg_max_null",
         "arg_min_null", "arg_max_nulls_last", "arg_min_nulls_last"], _by_or_list,
    ),
    **dict.fromkeys(["greatest", "least", "coalesce", "ifnull"], _common),
    **dict.fromkeys(["list_value", "list_pack", "unpivot_list"], _list),
    "array_value": _array,
    "row": _tuple,
    "sum": _sum,
    **dict.fromkeys(["avg", "mean"], _average),
    **dict.fromkeys(["round", "trunc", "round_even", "roundbankers"], _rounded),
    **dict.fromkeys(["ceil", "ceiling", "floor"], _up),
    "median": _median,
    "quantile_cont": _quantile,
    **dict.fromkeys(["quantile", "quantile_disc"], _discrete),
    "histogram": _counts,
    "concat": _concat,
    **dict.fromkeys(["list_concat", "list_cat", "array_concat", "array_cat"], _concat_lists),
    **dict.fromkeys(["list_slice", "array_slice"], _sliced),
    **dict.fromkeys(
        ["list_sort", "array_sort", "list_reverse_sort", "array_reverse_sort", "list_resize",
         "array_resize"], _sorted,
    ),
    **dict.fromkeys(["list_zip", "array_zip"], _zipped),
    **dict.fromkeys(["approx_top_k"], _in_list),
    **dict.fromkeys(
        ["list_extract", "list_element", "array_extract", "struct_extract"], _extracted
    ),
    **dict.fromkeys(["date_part", "datepart"], _date_part),
    **dict.fromkeys(["date_trunc", "datetrunc", "time_bucket"], _truncated),
    **dict.fromkeys(["add", "sub", "subtract"], _added),
    **dict.fromkeys(["mul", "multiply"], _multiplied),
    "mod": _remainder,
    **dict.fromkeys(
        ["decimal_division", "sum_no_overflow", "timezone", "replace_type", "cast_to_type",
         "from_json", "from_json_strict", "json_transform", "json_transform_strict",
         "list_select", "array_select", "list_where", "array_where", "struct_indexof",
         "struct_position", "grade_up", "list_grade_up", "array_grade_up",
         "stats", "setseed"], _unknown,
    ),
}  # fmt: skip


def _known(found: Type | Refused) -> Type:
    return found if isinstance(found, Type) else UNKNOWN


def folded(name: str, arguments: Arguments) -> Type | Refused:
    """`a + b + c`: what an operator yields over several operands, from the left."""
    result = arguments[0]
    for argument in arguments[1:]:
        step = call(name, (result, argument))
        if isinstance(step, Refused):
            return step
        result = step
    return result

"""What operators and syntax yield: everything in an expression that is no plain call.

An operator is known by the first word of its tag (`sql/ir.py`). A rule is given the operator and
the types of its operands; it gives UNKNOWN where it cannot tell, Refused where the engine would
not have it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from xform.sema.types import type as types
from xform.sema.types.functions import call, folded, of_all, of_items
from xform.sema.types.literals import literal, named
from xform.sema.types.overloads import Refused
from xform.sema.types.type import (
    BIGINT,
    BLOB,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTERVAL,
    JSON,
    NULL,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UNKNOWN,
    VARCHAR,
    Type,
    list_of,
    make,
    map_of,
    settled,
    struct,
)
from xform.sql.ir import Expr, Name, Op, Text

Result: TypeAlias = Type | Refused
Operands: TypeAlias = tuple[Type, ...]
Rule: TypeAlias = Callable[[Op, Operands], Result]

VALUED = frozenset(
    [
        "array_extract", "date_part", "datepart", "list_element", "list_extract", "round",
        "round_even", "roundbankers", "struct_extract", "trunc",
    ]
)  # fmt: skip
"""Functions that yield one type or another by what a literal says."""
FRACTIONAL = ("var EPOCH", "var JULIAN")


def knows(name: str) -> bool:
    """Whether a call of this name is an operator here."""
    return name in RULES


def infer(op: Op, operands: Operands) -> Result:
    """The type of an operator or call, by the types of what it is given."""
    tag = op.tag
    if tag in _BOOLEAN_TAGS:
        return BOOLEAN
    rule = RULES.get(tag) or _rule_of(tag)
    if rule is not None:
        return rule(op, operands)
    if tag in VALUED:
        return call(tag, operands, tuple([_value(argument) for argument in op.args]))
    return call(tag, operands)


@cache
def _rule_of(tag: str) -> Rule | None:
    """The rule for a tag with settings in it, by its first word."""
    return RULES.get(tag[: tag.index(" ")].lstrip('\\"')) if " " in tag else None


def _value(argument: Expr) -> str | None:
    return argument.text if type(argument) is Text else None


# Passing through ---------------------------------------------------------------------------------


def _same(_: Op, operands: Operands) -> Result:
    return operands[0] if operands else UNKNOWN


def _second(_: Op, operands: Operands) -> Result:
    return operands[1] if len(operands) > 1 else UNKNOWN


def _always(type_: Type) -> Rule:
    return lambda op, operands: type_


def _as_call(name: str) -> Rule:
    return lambda op, operands: call(name, operands)


def _ordered(op: Op, operands: Operands) -> Result:
    """An argument with an order, or the order alone (`WITHIN GROUP (ORDER BY x)`)."""
    return operands[0] if operands else UNKNOWN


def _comparison(_: Op, operands: Operands) -> Result:
    """With NULL it is NULL, which then fits where a boolean does not."""
    return UNKNOWN if NULL in operands else BOOLEAN


# Operators ---------------------------------------------------------------------------------------


def _arithmetic(op: Op, operands: Operands) -> Result:
    return folded(op.tag, operands)


def _negated(op: Op, operands: Operands) -> Result:
    only = operands[0]
    if only.literal == "integer":
        result = types.whole(-only.numbers[0])
        return result if result.name == only.name else UNKNOWN  # versions differ at the edge
    return call("sub", operands)


def _plus(_: Op, operands: Operands) -> Result:
    """`+x` is a function: a literal behind it is of one type."""
    return settled(operands[0]) if operands[0].name in types.NUMERIC else UNKNOWN


def _regexp_extract(op: Op, operands: Operands) -> Result:
    """With a list of names, a struct of the groups."""
    if len(operands) < 3 or operands[2].name != "list":
        return call(op.tag, operands)
    listed = op.args[2]
    names = [_value(item) for item in listed.args] if isinstance(listed, Op) else [None]
    labels = tuple(name[1:-1] for name in names if name is not None and name[:1] == "'")
    if len(labels) < len(names) or any("'" in label for label in labels):
        return UNKNOWN
    return struct(labels, (VARCHAR,) * len(labels))


def _concatenated(op: Op, operands: Operands) -> Result:
    result = operands[0]
    for other in operands[1:]:
        kinds = {result.name, other.name}
        if UNKNOWN in (result, other):
            result = UNKNOWN
        elif NULL in (result, other):
            result = NULL
        elif kinds <= {"list", "array"}:
            both = of_all([_as_list(result), _as_list(other)])
            if both is None:
                return Refused("types")
            result = both
        elif kinds & {"list", "array"}:
            return Refused("types") if "varchar" not in kinds else UNKNOWN
        elif kinds == {"blob"}:
            result = BLOB
        elif "bit" in kinds:
            result = UNKNOWN
        else:
            result = VARCHAR
    return result


def _as_list(type_: Type) -> Type:
    return list_of(type_.inner[0]) if type_.name == "array" else type_


def _chosen(op: Op, operands: Operands) -> Result:
    """CASE: of what its branches have in common, from ELSE on."""
    branches = operands[1:] if op.tag.startswith("case this") else operands
    if op.tag.endswith("default"):
        return _joined((branches[-1], *branches[:-1]))
    return _joined((NULL, *branches))


def _chosen_by(_: Op, operands: Operands) -> Result:
    return _joined(operands[1:])


def _joined(branches: Operands) -> Result:
    if UNKNOWN in branches:
        return UNKNOWN
    found = of_all(branches)
    return found if found is not None else Refused("mixed")


def _cast(op: Op, operands: Operands) -> Result:
    kind = op.args[1]
    return named(kind.text) if type(kind) is Text else UNKNOWN


def _zoned(_: Op, operands: Operands) -> Result:
    match settled(operands[0]):
        case types.TIMESTAMP:
            return TIMESTAMPTZ  # of a date, versions differ
        case types.TIMESTAMPTZ:
            return TIMESTAMP
        case _:
            return UNKNOWN


def _extracted(op: Op, operands: Operands) -> Result:
    unit = _value(op.args[0])
    if operands[1] in (NULL, UNKNOWN):
        return UNKNOWN
    return DOUBLE if unit in FRACTIONAL else BIGINT


# Lists, structs, maps, JSON ----------------------------------------------------------------------


def _array(op: Op, operands: Operands) -> Result:
    inner = op.args[0] if len(op.args) == 1 else None
    if type(inner) is Op and inner.tag == "each":
        return list_of(operands[0]) if operands[0] is not UNKNOWN else UNKNOWN
    if not operands:
        return make("list", (NULL,))
    found = of_items(operands) if UNKNOWN not in operands else UNKNOWN
    if found is UNKNOWN:
        return UNKNOWN
    return list_of(found) if found is not None else Refused("mixed")


def _struct(op: Op, operands: Operands) -> Result:
    """Arguments by name: a struct. Those without are a tuple."""
    names = [field_name(argument) for argument in op.args]
    known = tuple(name for name in names if name is not None)
    if len(known) < len(names) or not known:
        return UNKNOWN
    return struct(known, operands)


def field_name(argument: Expr) -> str | None:
    """The name in `name := value`, or of a column that stands for one."""
    if type(argument) is Op and argument.tag == "argument":
        named_ = argument.args[0]
        return _unquoted(named_.text) if type(named_) is Text else None
    return argument.written if type(argument) is Name else None


def _unquoted(text: str) -> str | None:
    if text[:1] == "`" and text[-1:] == "`":
        return text[1:-1].replace("``", "`")
    return None


def _inserted(op: Op, operands: Operands) -> Result:
    whole = operands[0] if operands else UNKNOWN
    if whole.name != "struct":
        return UNKNOWN
    names = [field_name(argument) for argument in op.args[1:]]
    known = tuple(name for name in names if name is not None)
    if len(known) < len(names):
        return UNKNOWN
    return struct((*whole.labels, *known), (*whole.inner, *operands[1:]))


def _tuple(_: Op, operands: Operands) -> Result:
    return make("tuple", tuple(settled(operand) for operand in operands))


def _map(_: Op, operands: Operands) -> Result:
    """Keys and values by turns."""
    keys, values = of_all(operands[::2]), of_all(operands[1::2])
    if keys is None or values is None or UNKNOWN in (keys, values):
        return UNKNOWN
    return map_of(keys, values)


def _at(op: Op, operands: Operands) -> Result:
    """`x[1]`, `x['key']`, `x[1:2]`. Numbers count from 0 here, as the parser has them."""
    whole, index = operands[0], op.args[1]
    if type(index) is Op and index.tag.startswith("slice"):
        whole = settled(whole)
        return _as_list(whole) if whole.name in ("list", "array", "varchar") else UNKNOWN
    match whole.name:
        case "list" | "array":
            return whole.inner[0]
        case "map":
            return whole.inner[1]
        case "varchar":
            return VARCHAR
        case "json":
            return JSON
        case "struct":
            return field(whole, (_value(index) or "").strip("'"))
        case "tuple":
            number = _value(index) or ""
            place = int(number) if number.isdigit() else -1
            return whole.inner[place] if 0 <= place < len(whole.inner) else UNKNOWN
        case _:
            return UNKNOWN


def field(whole: Type, name: str) -> Type:
    """The type of a field of a struct, or of a value of a map by `map.key`."""
    if whole.name == "map":
        return whole.inner[1]
    if whole.name not in ("struct", "union"):
        return JSON if whole is JSON else UNKNOWN
    names = [label.lower() for label in whole.labels]
    return whole.inner[names.index(name.lower())] if name.lower() in names else UNKNOWN


def _json_text(op: Op, operands: Operands) -> Result:
    return VARCHAR if _is_path(op, operands) else UNKNOWN


def _json(op: Op, operands: Operands) -> Result:
    return JSON if _is_path(op, operands) else UNKNOWN


def _is_path(op: Op, operands: Operands) -> bool:
    """Whether a path leads to one place; several, in a list, yield a list."""
    path, written = settled(operands[1]), op.args[1]
    if type(written) is Op and written.tag.startswith("jsonpath"):
        return True
    return path is VARCHAR or path.name in types.RANGES


def _dotted(op: Op, operands: Operands) -> Result:
    """A field of what is no plain name."""
    name = op.args[1]
    named_ = _unquoted(name.text) if type(name) is Text else None
    return field(operands[0], named_) if named_ is not None else UNKNOWN


def _unnested(op: Op, operands: Operands) -> Result:
    if len(operands) != 1 or operands[0].name not in ("list", "array"):
        return UNKNOWN
    return operands[0].inner[0]


# Lambdas -----------------------------------------------------------------------------------------


def _transformed(_: Op, operands: Operands) -> Result:
    body = operands[1] if len(operands) > 1 else UNKNOWN
    return list_of(body) if body is not UNKNOWN else UNKNOWN


def _filtered(_: Op, operands: Operands) -> Result:
    return _as_list(operands[0]) if operands[0].name in ("list", "array") else UNKNOWN


def _reduced(_: Op, operands: Operands) -> Result:
    whole = operands[0]
    if len(operands) != 2 or whole.name not in ("list", "array"):
        return UNKNOWN
    return whole.inner[0] if settled(operands[1]) is whole.inner[0] else UNKNOWN


def _aggregated(op: Op, operands: Operands) -> Result:
    """`list_aggregate(x, 'sum')`."""
    name = _value(op.args[1]) if len(op.args) == 2 else None
    if name is None or operands[0].name not in ("list", "array"):
        return UNKNOWN
    found = call(name.strip("'").lower(), (operands[0].inner[0],))
    return found if isinstance(found, Type) else UNKNOWN


# Aggregates with clauses -------------------------------------------------------------------------

_BY_ORDER = {"percentile_cont": "quantile_cont", "percentile_disc": "quantile_disc"}


def _within_group(op: Op, operands: Operands) -> Result:
    """`percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`: of the type of `x`, or a mean of it."""
    function = op.args[0]
    if type(function) is not Op or len(operands) < 2:
        return UNKNOWN
    if function.tag in ("listagg", "string_agg", "group_concat"):
        return VARCHAR
    wanted = _BY_ORDER.get(function.tag)
    if wanted is not None and len(function.args) == 1:
        fraction = function.args[0]
        kind = literal(fraction.text) if type(fraction) is Text else UNKNOWN
        return call(wanted, (operands[1], kind)) if kind is not UNKNOWN else UNKNOWN
    return operands[1] if function.tag == "mode" else UNKNOWN


def _parsed_time(op: Op, operands: Operands) -> Result:
    """A format with a time zone makes another type."""
    text = _value(op.args[1]) if len(op.args) == 2 else None
    return TIMESTAMP if text is not None and "%z" not in text.lower() else UNKNOWN


_BOOLEAN = (
    "and", "exists", "is", "not", "nullsafeeq", "nullsafeneq", "or", "where",
)  # fmt: skip
_BOOLEAN_TAGS = frozenset(_BOOLEAN)
_COMPARISON = (
    "between", "eq", "glob", "gt", "gte", "ilike", "in", "like", "lt", "lte", "neq", "regexplike",
    "similarto",
)  # fmt: skip
_THROUGH = (
    "by", "collate", "comprehension", "distinct", "filter", "ignorenulls", "limit", "paren",
    "respectnulls", "try",
)  # fmt: skip

RULES: dict[str, Rule] = {
    **dict.fromkeys(_BOOLEAN, _always(BOOLEAN)),
    **dict.fromkeys([*_COMPARISON, "in query"], _comparison),
    **dict.fromkeys(_THROUGH, _same),
    **dict.fromkeys(["argument", "each"], _second),
    **dict.fromkeys(["add", "sub", "mul", "div", "intdiv"], _arithmetic),
    **dict.fromkeys(["cast", "trycast"], _cast),
    **dict.fromkeys(["struct", "struct_pack"], _struct),
    **dict.fromkeys(["list_transform", "list_apply", "apply", "array_transform", "array_apply"],
                    _transformed),
    **dict.fromkeys(["list_filter", "array_filter", "filter_list"], _filtered),
    **dict.fromkeys(["list_reduce", "array_reduce", "reduce"], _reduced),
    **dict.fromkeys(["list_aggregate", "list_aggr", "array_aggregate", "array_aggr", "aggregate"],
                    _aggregated),
    **dict.fromkeys(["strptime", "try_strptime"], _parsed_time),
    **dict.fromkeys(["grouping", "grouping_id"], _always(BIGINT)),
    **dict.fromkeys(["any", "all", "quantified"], _always(UNKNOWN)),
    **dict.fromkeys(["bytestring", "rawstring"], _always(types.TEXT_LITERAL)),
    "array": _array,
    "array query": _same,
    "attimezone": _zoned,
    "bracket": _at,
    "case": _chosen,
    "currentdate": _always(DATE),
    **dict.fromkeys(["current_time", "currenttime"], _always(TIMETZ)),
    "currenttimestamp": _always(TIMESTAMPTZ),
    "dot": _dotted,
    "dpipe": _concatenated,
    "extract": _extracted,
    "if": _chosen_by,
    "interval": _always(INTERVAL),
    "jsonextract": _json,
    "jsonextractscalar": _json_text,
    "localtime": _always(types.TIME),
    "localtimestamp": _always(TIMESTAMP),
    "map": _as_call("map"),
    "method": _always(UNKNOWN),
    "neg": _negated,
    "ordered": _ordered,
    "plus": _plus,
    "regexp_extract": _regexp_extract,
    "overlay": _always(UNKNOWN),
    "pow": _as_call("pow"),
    "strposition": _as_call("strpos"),
    "struct_insert": _inserted,
    "substring": _as_call("substring"),
    "tomap": _map,
    "trim": _as_call("trim"),
    "tuple": _tuple,
    "unnest": _unnested,
    "withingroup": _within_group,
}  # fmt: skip
_EVERYWHERE = frozenset(
    [*_BOOLEAN, *_COMPARISON, *_THROUGH, "argument", "array query", "cast", "trycast"]
)
_COUNTS = frozenset(["count", "row_number", "rank", "dense_rank"])


def infer_elsewhere(op: Op, operands: Operands) -> Result:
    """The type in a dialect whose rules are not known: of what is the same in all."""
    word = op.tag.partition(" ")[0]
    if word in _EVERYWHERE:
        return infer(op, operands)
    return BIGINT if op.tag in _COUNTS else UNKNOWN

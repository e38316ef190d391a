"""Which overload of a function a call means, and what it yields.

The overload is the one that costs least to cast the arguments to. Its result may be a template:
`T`, `K`, `V` stand for what the arguments are, also inside lists and maps.
"""

from __future__ import annotations

from functools import cache

import msgspec

from xform.sema.types import type as types
from xform.sema.types.casts import IMPOSSIBLE, common, cost
from xform.sema.types.type import JSON, NULL, UNKNOWN, Type, make, read
from xform.sql.functions import Overload, overloads

TEMPLATES = frozenset(["t", "k", "v"])
_OPEN = frozenset(["array", "invalid", "list", "map", "struct", "tuple", "type", "union"])
"""Results that say only what kind of type it is."""


class Parameter(msgspec.Struct, frozen=True):
    """A parameter's type, where templates and `any` stand as types of their own names."""

    type: Type
    template: bool


class Signature(msgspec.Struct, frozen=True):
    parameters: tuple[Parameter, ...]
    others: Parameter | None
    result: Type

    def takes(self, count: int) -> bool:
        if self.others is not None:
            return count >= len(self.parameters)
        return count == len(self.parameters)

    def at(self, index: int) -> Parameter:
        if index < len(self.parameters):
            return self.parameters[index]
        assert self.others is not None
        return self.others


@cache
def signatures(name: str) -> tuple[Signature, ...]:
    """All signatures of a function; none where it is not known, or a macro."""
    return tuple(_signature(overload) for overload in overloads(name))


def _signature(overload: Overload) -> Signature:
    return Signature(
        tuple(_parameter(text) for text in overload.parameters),
        _parameter(overload.others) if overload.others else None,
        _template(overload.result),
    )


def _parameter(text: str) -> Parameter:
    type_ = _template(text)
    return Parameter(type_, _is_template(type_))


def _template(text: str) -> Type:
    """A type that may hold templates. `decimal` of no width is one of any."""
    if text.endswith("[]"):
        return make("list", (_template(text[:-2]),))
    if text.endswith("[any]"):
        return make("array", (_template(text[:-5]),), numbers=(0,))
    if text.startswith("map(") and text.endswith(")"):
        key, value = text[4:-1].split(", ", 1)
        return make("map", (_template(key), _template(value)))
    if text in TEMPLATES or text in ("any", "lambda", "decimal") or text in _OPEN:
        return make(f"<{text}>")
    return read(text)


def _is_template(type_: Type) -> bool:
    return type_.name.startswith("<") or any(_is_template(part) for part in type_.inner)


class Refused(msgspec.Struct, frozen=True):
    """Why no overload is meant: `count`, `types`, or `ambiguous`."""

    why: str


@cache
def resolve(name: str, arguments: tuple[Type, ...]) -> Type | Refused:
    """What a call yields. UNKNOWN where the function, an argument that decides, or the rule is."""
    known = signatures(name)
    if not known:
        return UNKNOWN
    fitting = [signature for signature in known if signature.takes(len(arguments))]
    if not fitting:
        return Refused("count")
    results: list[tuple[int, Type]] = []
    for signature in fitting:
        bound: dict[Type, Type] = {}
        total = 0
        for index, argument in enumerate(arguments):
            step = _fit(argument, signature.at(index), bound)
            if step == IMPOSSIBLE:
                break
            total += step
        else:
            results.append((total, _filled(signature.result, bound)))
    if not results:
        return Refused("types") if all(types.is_known(item) for item in arguments) else UNKNOWN
    if any(argument is UNKNOWN for argument in arguments):
        kinds = {result for _, result in results}
        return kinds.pop() if len(kinds) == 1 else UNKNOWN
    least = min(total for total, _ in results)
    best = {result for total, result in results if total == least}
    if len(best) > 1:
        return Refused("ambiguous")
    return best.pop()


def _fit(argument: Type, parameter: Parameter, bound: dict[Type, Type]) -> int:
    if argument is UNKNOWN:
        return 0
    if not parameter.template:
        return cost(argument, parameter.type)
    return _bind(argument, parameter.type, bound)


def _bind(argument: Type, template: Type, bound: dict[Type, Type]) -> int:
    """The cost of an argument for a template, which is bound to what fits both."""
    match template.name:
        case "<any>" | "<lambda>":
            return 1
        case "<decimal>":
            return _to_decimal(argument, template, bound)
        case "<t>" | "<k>" | "<v>":
            before = bound.get(template)
            both = argument if before is None else common(before, argument)
            if both is None:
                return IMPOSSIBLE
            bound[template] = both
            return 1
        case name if name.startswith("<"):
            if argument is NULL:
                bound[NULL] = NULL
            if argument.literal == "text" or argument is JSON:
                return 20
            return 0 if argument.name == name[1:-1] or argument is NULL else IMPOSSIBLE
    if argument is NULL:
        bound[NULL] = NULL
        return 0
    lists = ("list", "array")
    alike = argument.name == template.name
    if argument.literal == "text":
        for inner in template.inner:
            _bind(argument, inner, bound)
        return 20
    if not alike and not (argument.name in lists and template.name in lists):
        return IMPOSSIBLE
    total = 0 if alike else 1
    for one, other in zip(argument.inner, template.inner, strict=False):
        step = _bind(one, other, bound) if _is_template(other) else cost(one, other)
        if step == IMPOSSIBLE:
            return IMPOSSIBLE
        total += step
    return total


def _to_decimal(argument: Type, template: Type, bound: dict[Type, Type]) -> int:
    """A decimal of any width: it takes the one that the argument has, or needs."""
    step = cost(argument, types.decimal(18, 3))
    if step == IMPOSSIBLE:
        return step
    wanted = types.settled(argument)
    if wanted.name != "decimal":
        digits = types.DIGITS.get(wanted.name)
        wanted = types.decimal(digits, 0) if digits is not None else UNKNOWN
    before = bound.get(template, wanted)
    both = common(before, wanted)
    bound[template] = both if both is not None else UNKNOWN
    return step


def _filled(template: Type, bound: dict[Type, Type]) -> Type:
    if NULL in bound:  # of a list or struct that is NULL, the engine makes what it likes
        return UNKNOWN
    if not _is_template(template):
        return template
    if template.name.startswith("<"):
        return types.settled(bound.get(template, UNKNOWN))
    inner = tuple(_filled(part, bound) for part in template.inner)
    if template.name == "array":
        return UNKNOWN
    return make(template.name, inner, template.labels, template.numbers)

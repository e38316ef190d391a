"""How many failing rows are too many: `error_if: "> 10"`."""

from __future__ import annotations

import re

import msgspec

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.project.reader import Notes, wrong_type
from xform.project.values import Scalar, Value

_FORM = re.compile(r"\s*(<=|>=|==|!=|<>|<|>|=)\s*(\d+(?:\.\d+)?)\s*")
_SAME = {"==": "=", "<>": "!="}


class Threshold(msgspec.Struct, frozen=True, array_like=True):
    """`operator` is one of < <= > >= = !=."""

    operator: str
    number: float

    def holds(self, failures: float) -> bool:
        match self.operator:
            case "<":
                return failures < self.number
            case "<=":
                return failures <= self.number
            case ">":
                return failures > self.number
            case ">=":
                return failures >= self.number
            case "=":
                return failures == self.number
            case _:
                return failures != self.number

    def __str__(self) -> str:
        return f"{self.operator} {self.number:g}"


ANY = Threshold(">", 0.0)


def read_threshold(value: Value, what: str, notes: Notes) -> Threshold | None:
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        wrong_type(value, what, "a comparison", notes, 'write one in quotes, such as "> 10"')
        return None
    found = _FORM.fullmatch(value.value)
    if found is None:
        message = f"{what} cannot be '{value.text}'"
        advice = 'write a comparison with a number, such as "> 10"'
        notes.append(diagnose(codes.BAD_VALUE, message, value.span, advice))
        return None
    operator, number = found.groups()
    return Threshold(_SAME.get(operator, operator), float(number))

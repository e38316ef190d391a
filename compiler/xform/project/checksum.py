"""How the rows of a build are compared with those of an earlier one."""

from __future__ import annotations

from typing import Any

import msgspec

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.project.reader import Notes, check_keys, read_mapping, read_whole, wrong_type
from xform.project.values import Scalar, Value

MOST_DIGITS = 15
"""What a DOUBLE holds."""

_FORM = "true, off, or {sample: 0.01, float_digits: 6}"


class Checksum(msgspec.Struct, frozen=True):
    """The method of a checksum. Two checksums can be compared only if they are of one method.

    `sample` is the part of the rows whose content counts, from 0 (none: nothing is compared) to 1
    (all); how many rows there are counts always. `float_digits` are the digits behind the point to
    which floats are rounded; None: they count as they are.
    """

    sample: float = 1.0
    float_digits: int | None = None

    @property
    def exact(self) -> bool:
        """Whether rows that differ are never taken for the same."""
        return self == EXACT

    @property
    def words(self) -> str:
        """`by a sample of 1% of its rows, with floats rounded to 6 digits`."""
        told = []
        if self.sample < 1:
            told.append(f"by a sample of {self.sample * 100:.4g}% of its rows")
        if self.float_digits is not None:
            told.append(f"with floats rounded to {self.float_digits} digits")
        return ", ".join(told)


EXACT = Checksum()
OFF = Checksum(sample=0.0)


def coarser(one: Checksum, other: Checksum) -> Checksum:
    """A method that sees no more than either of two."""
    digits = [found for found in (one.float_digits, other.float_digits) if found is not None]
    return Checksum(min(one.sample, other.sample), min(digits, default=None))


def read_checksum(value: Value, what: str, notes: Notes) -> Checksum | None:
    """`checksum: off` (or `false`), `true` (or `on`), or `{sample: 0.01, float_digits: 6}`."""
    if isinstance(value, Scalar):
        if value.value is True or value.value == "on":
            return EXACT
        if value.value is False or value.value == "off":
            return OFF
        if isinstance(value.value, str):
            message = f"{what} cannot be '{value.value}'"
            notes.append(diagnose(codes.BAD_VALUE, message, value.span, f"write {_FORM}"))
        else:
            wrong_type(value, what, _FORM, notes)
        return None
    mapping = read_mapping(value, what, notes)
    if mapping is None:
        return None
    check_keys(mapping, ("sample", "float_digits"), what, notes)
    said: dict[str, Any] = {}
    for entry in mapping:
        inner = f"'{entry.name}' of {what}"
        if entry.name == "sample":
            said["sample"] = _read_sample(entry.value, inner, notes)
        elif entry.name == "float_digits":
            said["float_digits"] = _read_digits(entry.value, inner, notes)
    return Checksum(**{name: found for name, found in said.items() if found is not None})


def _read_sample(value: Value, what: str, notes: Notes) -> float | None:
    part = value.value if isinstance(value, Scalar) else None
    if not isinstance(part, int | float) or isinstance(part, bool):
        wrong_type(value, what, "a part of the rows, such as 0.01", notes)
        return None
    if not 0 < part <= 1:
        message = f"{what} must be more than 0 and at most 1, not {part}"
        advice = "give the part of the rows, such as 0.01; to compare nothing: checksum: off"
        notes.append(diagnose(codes.BAD_VALUE, message, value.span, advice))
        return None
    return float(part)


def _read_digits(value: Value, what: str, notes: Notes) -> int | None:
    digits = read_whole(value, what, notes)
    if digits is None or digits <= MOST_DIGITS:
        return digits
    message = f"{what} must be {MOST_DIGITS} or less, not {digits}"
    advice = f"give {MOST_DIGITS} or less, or leave it out: then floats count as they are"
    notes.append(diagnose(codes.BAD_VALUE, message, value.span, advice))
    return None

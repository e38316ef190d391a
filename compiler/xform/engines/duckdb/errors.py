"""DuckDB's exceptions as `EngineError`: kind, plain message, place in the statement.

With `errors_as_json` most errors carry their parts as JSON behind the class name; positions count
bytes of the statement's UTF-8, and 2.0 adds the length. Some (CSV reading) stay plain text with a
picture of the place, which is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from xform.run.failures import EngineBusy, EngineError

_KINDS = {
    "Parser": "syntax",
    "Syntax": "syntax",
    "Binder": "binder",
    "Catalog": "catalog",
    "Constraint": "constraint",
    "Conversion": "conversion",
    "Out of Range": "conversion",
    "Mismatch Type": "conversion",
    "INTERRUPT": "interrupted",
    "Interrupt": "interrupted",
    "IO": "io",
    "HTTP": "io",
    "Out of Memory": "memory",
}
_HOLDER = re.compile(r"held in (.+?) \(PID (\d+)\)")
_HEAD = re.compile(r"^([A-Za-z]+(?: [A-Za-z]+)*) Error: (.*)$", re.DOTALL)
_LASTING = (
    "No files found",
    "No such file",
    "Permission denied",
    "Is a directory",
    "Not a directory",
    "No space left",
    "not a valid",
)
"""What an IO error says that no waiting mends."""
_PASSING = frozenset([408, 425, 429])
"""Answers of a web server after which it may be asked again, besides those from 500 on."""
_CONFLICTS = ("write-write conflict", "Conflict on", "has been altered")


@dataclass(frozen=True, slots=True)
class Failure:
    """What DuckDB said, taken apart. `position` counts bytes."""

    kind: str
    message: str
    position: int | None
    length: int
    subtype: str
    transient: bool = False


def take_apart(error: BaseException) -> Failure:
    text = str(error)
    head = _HEAD.match(text)
    label, rest = (head.group(1), head.group(2)) if head else ("", text)
    kind = _KINDS.get(label, "other")
    if not rest.startswith("{"):
        message = re.split(r"\n\s*\nLINE \d+:|\nLINE \d+:", rest, maxsplit=1)[0].strip()
        return Failure(kind, message, None, 0, "", kind == "io" and _may_pass(message, {}))
    try:
        parts: dict[str, Any] = msgspec.json.decode(rest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Failure(kind, rest, None, 0, "")
    position = parts.get("position")
    span = re.match(r"\[\d+,(\d+)\]", str(parts.get("location", "")))
    return Failure(
        kind,
        str(parts.get("exception_message", rest)).strip(),
        int(position) if position is not None else None,
        int(span.group(1)) if span else 0,
        str(parts.get("error_subtype", "")),
        kind == "io" and _may_pass(str(parts.get("exception_message", rest)), parts),
    )


def _may_pass(message: str, parts: Mapping[str, Any]) -> bool:
    """Whether an IO error may be gone a little later."""
    status = str(parts.get("status_code", ""))
    if status.isdigit() and int(status):
        return int(status) >= 500 or int(status) in _PASSING
    return not any(mark in message for mark in _LASTING)


@contextmanager
def translated(statement: str = "", prefix: int = 0) -> Iterator[None]:
    """Turn DuckDB's exceptions into EngineError, with places counted from behind the prefix."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise engine_error(error, statement, prefix) from error


def engine_error(error: BaseException, statement: str = "", prefix: int = 0) -> EngineError:
    failure = take_apart(error)
    if is_conflict(error):
        return Conflict(failure.message)
    if failure.subtype == "ENTRY_ALREADY_EXISTS":
        return AlreadyExists(failure.message, kind="catalog")
    offset, length = None, 0
    if failure.position is not None and statement:
        raw = statement.encode()
        begin = len(raw[: failure.position].decode(errors="ignore"))
        end = len(raw[: failure.position + failure.length].decode(errors="ignore"))
        if begin >= prefix:
            offset, length = begin - prefix, end - begin
    return EngineError(
        failure.message,
        kind=failure.kind,
        offset=offset,
        length=length,
        transient=failure.transient,
    )


class Conflict(EngineError):  # noqa: N818 - says what is the case
    """Two transactions touched one thing; the whole step may be tried again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, transient=True)


class AlreadyExists(EngineError):  # noqa: N818 - says what is the case
    """A relation of the name is there already."""


def is_conflict(error: BaseException) -> bool:
    text = str(error)
    return type(error).__name__ == "TransactionException" and any(
        mark in text for mark in _CONFLICTS
    )


def connect_error(error: BaseException, path: str) -> EngineError:
    """Why a warehouse could not be opened."""
    text = str(error)
    if "Could not set lock" in text or "different configuration than existing" in text:
        found = _HOLDER.search(text)
        holder = f"process {found.group(2)} ({found.group(1)})" if found else "another connection"
        pid = int(found.group(2)) if found else None
        return EngineBusy(f"'{path}' is in use by {holder}", holder, pid)
    failure = take_apart(error)
    kind = "io" if failure.kind == "io" else "settings"
    return EngineError(failure.message, kind=kind)

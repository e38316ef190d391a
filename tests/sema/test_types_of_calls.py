"""Every function of DuckDB over arguments of every type: what it yields, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import duckdb
import pytest
from typed_engine import COLUMNS, connect

from xform.sema.types.functions import call
from xform.sema.types.literals import literal
from xform.sema.types.overloads import Refused
from xform.sema.types.type import Type, is_known, list_of, read, settled, whole
from xform.sql.functions import catalogue

LITERALS = {
    **{text: literal(text) for text in ("1", "1000", "'a'", "null", "1.5")},
    "-1": whole(-1),
    "['x']": list_of(read("varchar")),
}
ARGUMENTS = {name: read(kind) for name, kind in COLUMNS.items()} | LITERALS
FEW = ["b", "i4", "i8", "u1", "d", "n", "s", "dt", "ts", "iv", "j", "l", "1", "'a'", "null"]
FEWER = ["i4", "d", "s", "ts", "l", "1", "'a'"]
NOT_ASKED = frozenset(["currval", "nextval", "read_text", "setval", "sleep_ms", "write_log"])
"""Functions that do something."""
UNNAMED = re.compile(r"STRUCT\((?!\w+ |\")")


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return connect()


def calls(most: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Calls that may be right as far as the number of arguments goes."""
    for name, function in catalogue().items():
        if function.kind in ("macro", "window") or name in NOT_ASKED:
            continue
        for count, choice in ((0, []), (1, list(ARGUMENTS)), (2, FEW), (3, FEWER)):
            takes = any(
                len(o.parameters) == count or (o.others and count > len(o.parameters))
                for o in function.overloads
            )
            if takes and count <= most:
                yield from ((name, arguments) for arguments in product(choice, repeat=count))


def check(engine: duckdb.DuckDBPyConnection, most: int) -> tuple[list[str], int]:
    """What is wrong among calls of up to `most` arguments, and how many are known and right."""
    wrong: list[str] = []
    right = 0
    for name, arguments in calls(most):
        written = f'"{name}"({", ".join(arguments)})'
        types = tuple(ARGUMENTS[argument] for argument in arguments)
        values = tuple(text if text in LITERALS else None for text in arguments)
        found = call(name, types, values)
        expected = _yielded(engine, written)
        if isinstance(found, Refused):
            if expected is not None:
                wrong.append(f"{written}: refused ({found.why}), is {expected.text}")
        elif expected is not None and is_known(found) and "null" not in found.text:
            if settled(found) is expected or not is_known(expected):
                right += 1
            else:
                wrong.append(f"{written}: {found.text}, is {expected.text}")
    return wrong, right


def _yielded(engine: duckdb.DuckDBPyConnection, written: str) -> Type | None:
    try:
        described = engine.execute(f"select {written} as x from t limit 0").description
    except duckdb.Error:
        return None
    return read(UNNAMED.sub("TUPLE(", str(described[0][1])))


def test_calls_of_one_argument(engine: duckdb.DuckDBPyConnection) -> None:
    wrong, right = check(engine, 1)
    assert not wrong, "\n".join(wrong)
    assert right > 3000


@pytest.mark.deep
def test_calls_of_up_to_three_arguments(engine: duckdb.DuckDBPyConnection) -> None:
    wrong, right = check(engine, 3)
    assert not wrong, "\n".join(wrong)
    assert right > 15000

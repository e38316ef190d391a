"""What goes into a Python model and what comes out: relations, Arrow, polars, pandas.

None of the frame libraries is imported here: a frame is known by its class's module, and a
library that the user did not import cannot have made one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xform.base.spans import file_span
from xform.engines.duckdb.errors import take_apart, translated
from xform.engines.duckdb.text import relation
from xform.plan.plan import PythonBody
from xform.run.blame import blame
from xform.run.failures import CodeError, EngineError

if TYPE_CHECKING:
    import duckdb

ANNOTATIONS = (
    "duckdb.DuckDBPyRelation",
    "polars.DataFrame",
    "polars.LazyFrame",
    "pandas.DataFrame",
    "pyarrow.Table",
)
DRIVER = ("duckdb", "_duckdb")
_SHORT = {
    "pl": "polars",
    "pd": "pandas",
    "pa": "pyarrow",
}


def call(
    cursor: duckdb.DuckDBPyConnection, body: PythonBody, function: Callable[..., Any], root: Path
) -> Any:
    """Call a Python model with its inputs; returns a relation or a frame that can be stored.

    Raises CodeError with the place in the user's file.
    """
    inputs: dict[str, Any] = {}
    for parameter, (source, annotation) in body.inputs.items():
        with translated():
            rows = cursor.sql(f"select * from {relation(source)}")
            inputs[parameter] = _as_annotated(rows, annotation, parameter, body)
    try:
        return _storable(function(**inputs), body)
    except EngineError:
        raise
    except (Exception, SystemExit) as error:
        failure = take_apart(error) if _library(error) in DRIVER else None
        if failure is not None and failure.kind == "interrupted":
            raise EngineError(failure.message, kind="interrupted") from error
        said = failure.message if failure is not None else str(error)
        raise CodeError(
            f"{body.function}() raised {type(error).__name__}: {said}".rstrip(": "),
            stage="run",
            span=blame(error, root) or file_span(body.path),
        ) from error


def frame_rows(frame: Any) -> int | None:
    """The number of rows of a frame; None of a relation, whose rows are not yet computed."""
    module = _library(frame)
    if module == "pyarrow":
        return int(frame.num_rows)
    return len(frame) if module in ("polars", "pandas") else None


def _as_annotated(
    rows: duckdb.DuckDBPyRelation, annotation: str | None, parameter: str, body: PythonBody
) -> Any:
    match _canonical(annotation):
        case "duckdb.DuckDBPyRelation":
            return rows
        case "polars.DataFrame":
            return rows.pl()
        case "polars.LazyFrame":
            return rows.pl().lazy()
        case "pandas.DataFrame":
            return rows.df()
        case "pyarrow.Table":
            return rows.to_arrow_table()
        case _:
            raise CodeError(
                f"parameter '{parameter}' of {body.function}() is annotated '{annotation}'; "
                f"known are {', '.join(ANNOTATIONS)}",
                stage="load",
                span=file_span(body.path),
            )


def _canonical(annotation: str | None) -> str:
    """`pl.DataFrame` and `"polars.DataFrame"` name one type; no annotation means a relation."""
    if annotation is None:
        return ANNOTATIONS[0]
    text = annotation.strip().strip("'\"")
    head, _, tail = text.rpartition(".")
    if tail == "DuckDBPyRelation":
        return ANNOTATIONS[0]
    head = _SHORT.get(head, head)
    if not head:
        head = {"LazyFrame": "polars", "Table": "pyarrow"}.get(tail, "")
    return f"{head}.{tail}"


def _library(value: Any) -> str:
    return type(value).__module__.partition(".")[0]


def _storable(value: Any, body: PythonBody) -> Any:
    match _library(value), type(value).__name__:
        case (library, "DuckDBPyRelation") if library in DRIVER:
            return value
        case ("polars", "DataFrame") | ("pandas", "DataFrame") | ("pyarrow", "Table"):
            return value
        case ("polars", "LazyFrame"):
            return value.collect()
        case module, kind:
            shown = kind if module == "builtins" else f"{module}.{kind}"
            raise CodeError(
                f"{body.function}() returned {shown}, which cannot be stored",
                stage="result",
                span=file_span(body.path),
            )

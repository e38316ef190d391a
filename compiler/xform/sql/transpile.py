"""A query in another dialect: for unit tests, which run in DuckDB whatever the model is written in.

Nothing that is built ever comes from here (see splice.py).
"""

from __future__ import annotations

from xform.sql.dialects import dialect_called
from xform.sql.parse import PARSER_FAILURES, find_dialect


class NotTranslated(Exception):  # noqa: N818 - says what is the case
    """The parser does not know how to say it in the other dialect."""


def transpiled(sql: str, dialect: str, into: str) -> str:
    """A query of `dialect`, written in the dialect `into`. Raises NotTranslated."""
    source, target = dialect_called(dialect), dialect_called(into)
    if source == target:
        return sql
    from sqlglot.errors import ErrorLevel, SqlglotError

    reader, _ = find_dialect(source)
    writer, _ = find_dialect(target)
    if reader is None or writer is None:
        raise NotTranslated(f"unknown dialect '{dialect if reader is None else into}'")
    try:
        (tree,) = reader.parse(sql)
        if tree is None:
            raise NotTranslated("there is no query")
        return writer.generate(tree, unsupported_level=ErrorLevel.RAISE, copy=False)
    except (SqlglotError, RecursionError, *PARSER_FAILURES) as error:
        raise NotTranslated(str(error).strip().split("\n")[0]) from error

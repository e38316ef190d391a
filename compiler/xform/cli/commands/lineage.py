"""`xform lineage`: where a column's values and rows come from."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from xform.app.lineage.columns import LineageReader, find_columns, kinds_of
from xform.app.lineage.outside import QueryLineage, lineage_of_sql
from xform.app.output.forms import lineage_form, query_lineage_form
from xform.app.workspace import UserError
from xform.base.codes import BAD_REQUEST
from xform.base.diagnostics import Diagnostic, diagnose, errors_of, has_errors
from xform.base.names import AssetName, ColumnRef
from xform.base.spans import Span
from xform.cli.context import OK, USAGE, Context, command
from xform.cli.options import Argument, Option, UsageMistake
from xform.console.lineage import ColumnSources, lineage_lines


@command
def run(
    context: Context,
    column: Annotated[
        str | None, Argument(help="asset.column, or an asset for all its columns.")
    ] = None,
    recursive: Annotated[
        bool, Option("--recursive", help="On to the sources of the project.")
    ] = False,
    sql: Annotated[
        str | None,
        Option(
            "--sql", metavar="FILE", help="A file with any SQL instead, also a script; - for stdin."
        ),
    ] = None,
    dialect: Annotated[str, Option("--dialect", help="The dialect of --sql.")] = "duckdb",
    schema: Annotated[
        Path | None,
        Option("--schema", metavar="FILE", help="JSON for --sql: {table: {column: type}}."),
    ] = None,
    jsonl: Annotated[
        bool,
        Option(
            "--jsonl",
            help='Read {"id", "sql", "dialect", "schema"} a line from stdin, answer a line each.',
        ),
    ] = False,
) -> None:
    """Show the lineage of a column in the project, or of any SQL with --sql."""
    if jsonl:
        for form in _answers(sys.stdin, dialect):
            context.print_text(json.dumps(form, ensure_ascii=False))
        return
    if sql is not None:
        _of_sql(context, sql, dialect, schema)
        return
    if column is None:
        raise UsageMistake("name a column: xform lineage asset.column")
    compilation = context.compile(strict=False)
    asset, columns, found = find_columns(compilation, column)
    if asset is None:
        # A model that does not compile has no columns: say why first.
        raise UserError([*errors_of(compilation.diagnostics), *found])
    reader = LineageReader(compilation)
    look = reader.recursive if recursive else reader.direct
    answers = [look(asset, name) for name in columns]
    if context.json:
        forms = [lineage_form(answer) for answer in answers]
        context.print_json(forms[0] if len(forms) == 1 else forms)
        return
    kinds = kinds_of(compilation.body(asset).schema)
    for answer in answers:
        sources: dict[ColumnRef, ColumnSources] = {
            answer.column: ColumnSources(answer.value, answer.rows)
        }
        kind = kinds.get(answer.column[1].lower(), "")
        context.terminal.data(
            lineage_lines(answer.column, sources, context.terminal.out, kind=kind)
        )


def _of_sql(context: Context, sql: str, dialect: str, schema: Path | None) -> None:
    text = sys.stdin.read() if sql == "-" else Path(sql).read_text("utf-8-sig")
    known: dict[str, dict[str, str]] = {}
    if schema is not None:
        try:
            known = json.loads(schema.read_text("utf-8"))
        except ValueError:
            raise UsageMistake(f"{schema} is not JSON", option="--schema") from None
    path = "<stdin>" if sql == "-" else sql
    answer = lineage_of_sql(text, dialect, known, path)
    if context.json:
        context.print_json(query_lineage_form(answer))
    else:
        for name, value in answer.columns.items():
            column: ColumnRef = (AssetName("query"), name)
            sources = {column: ColumnSources(value, answer.rows)}
            context.terminal.data(lineage_lines(column, sources, context.terminal.out))
        context.report(answer.diagnostics)
    context.exit(USAGE if has_errors(answer.diagnostics) else OK)


def _answers(lines: Iterable[str], dialect: str) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        asked = _request(text)
        known = asked.get("id")
        try:
            answer = lineage_of_sql(
                asked["sql"],
                asked.get("dialect") or dialect,
                asked.get("schema") or {},
                str(number if known is None else known),
            )
        except (KeyError, TypeError, AttributeError):
            answer = QueryLineage((), {}, (), (_unreadable(number),))
        yield {"id": known, **query_lineage_form(answer)}


def _request(line: str) -> dict[str, Any]:
    """The object of a line; empty where it holds none."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _unreadable(number: int) -> Diagnostic:
    return diagnose(
        BAD_REQUEST,
        f"line {number} is no request",
        Span("<stdin>", number, 1, number, 1),
        'write one object a line: {"id": 1, "sql": "select …", "dialect": "duckdb", '
        '"schema": {"table": {"column": "type"}}}',
    )

"""The JSON forms of DESIGN §5, exactly: built here, printed by the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from xform.app.compiling.bodies import compiled_sql
from xform.app.compiling.compiled import Compilation
from xform.app.lineage.columns import ColumnLineage, LineageReader
from xform.app.lineage.outside import QueryLineage, StatementLineage
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName, ColumnRef
from xform.base.spans import Span
from xform.plan.plan import Plan
from xform.run.result import RunResult

VERSION = 1


def diagnostic_form(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        **_span_form(diagnostic.span),
        "help": diagnostic.help,
        "related": [
            {"message": label.message, **_span_form(label.span)} for label in diagnostic.labels
        ],
    }


def _span_form(span: Span) -> dict[str, Any]:
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def diagnostics_form(diagnostics: Sequence[Diagnostic]) -> list[dict[str, Any]]:
    return [diagnostic_form(diagnostic) for diagnostic in diagnostics]


def asset_form(compilation: Compilation, name: AssetName, lineage: LineageReader) -> dict[str, Any]:
    compiled = compilation.assets[name]
    declared = compilation.declared[name]
    body = compilation.body(name)
    prints = body.fingerprints
    columns = []
    for column in body.schema.columns or ():
        mine = prints.columns.get(column.name.lower()) if prints is not None else None
        columns.append(
            {
                "name": column.name,
                "type": column.type,
                "nullable": False if column.required else None,
                "fingerprint": mine.digest if mine is not None else None,
                "value_lineage": [list(ref) for ref in lineage.value(name, column.name)],
            }
        )
    facts = body.lineage
    rows: Sequence[ColumnRef] = ()
    if facts is not None:
        rows = facts.rows
    elif columns:
        rows = lineage.direct(name, str(columns[0]["name"])).rows
    return {
        "name": name,
        "kind": str(compiled.kind),
        "language": str(declared.language),
        "path": declared.path,
        "depends_on": list(compiled.depends_on),
        "columns": columns,
        "row_lineage": [list(ref) for ref in rows],
        "row_fingerprint": prints.rows.digest if prints is not None else None,
        "build_fingerprint": compiled.fingerprint,
        "compiled_sql": compiled_sql(compilation, name),
        "description": declared.description,
        "owner": declared.owner,
        "tags": list(declared.tags),
        "group": declared.group,
        "access": declared.access,
        "contract": declared.contract,
        "deprecation_date": declared.deprecation_date,
        "version": declared.version.number if declared.version is not None else None,
    }


def compile_form(compilation: Compilation) -> dict[str, Any]:
    lineage = LineageReader(compilation)
    return {
        "version": VERSION,
        "assets": [asset_form(compilation, name, lineage) for name in sorted(compilation.assets)],
        "diagnostics": diagnostics_form(compilation.diagnostics),
    }


def plan_form(plan: Plan) -> dict[str, Any]:
    """`behind`, what is read as published though it is stale, stands only where there is any."""
    return {
        "version": VERSION,
        "environment": plan.environment,
        "actions": [
            {
                "asset": action.asset,
                "action": str(action.action),
                "reasons": [
                    {
                        "kind": str(reason.kind),
                        "detail": reason.detail,
                        "columns": list(reason.columns),
                    }
                    for reason in action.reasons
                ],
                **({"intervals": action.intervals} if action.intervals else {}),
            }
            for action in plan.actions
        ],
        "unchanged": list(plan.unchanged),
        **({"spared": msgspec.to_builtins(plan.spared)} if plan.spared else {}),
        **({"compared": msgspec.to_builtins(plan.compared)} if plan.compared else {}),
        **({"behind": msgspec.to_builtins(plan.behind)} if plan.behind else {}),
    }


def run_form(result: RunResult) -> dict[str, Any]:
    form: dict[str, Any] = {"version": VERSION, **msgspec.to_builtins(result)}
    form["diagnostics"] = diagnostics_form(result.diagnostics)
    for check in form["checks"]:
        del check["event"]
    return form


def lineage_form(lineage: ColumnLineage) -> dict[str, Any]:
    return {
        "version": VERSION,
        "column": list(lineage.column),
        "value": [list(ref) for ref in lineage.value],
        "rows": [list(ref) for ref in lineage.rows],
    }


def query_lineage_form(lineage: QueryLineage) -> dict[str, Any]:
    """`target`, the table that is written, stands only where there is one, and `statements` only
    where there are several."""
    form = {
        "version": VERSION,
        **_statement_form(lineage),
        "diagnostics": diagnostics_form(lineage.diagnostics),
    }
    if lineage.statements:
        form["statements"] = [_statement_form(item) for item in lineage.statements]
    return form


def _statement_form(lineage: QueryLineage | StatementLineage) -> dict[str, Any]:
    target = {} if lineage.target is None else {"target": lineage.target}
    return {
        **target,
        "tables": list(lineage.tables),
        "columns": {
            name: {"value": [list(ref) for ref in value]} for name, value in lineage.columns.items()
        },
        "rows": [list(ref) for ref in lineage.rows],
    }

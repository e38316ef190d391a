"""`show`: rows of an asset as they are published, or as its query would give them."""

from __future__ import annotations

from xform.app.compiling.bodies import spliced
from xform.app.compiling.compiled import Compilation
from xform.app.planning.planning import published_schema
from xform.app.workspace import UserError, Workspace
from xform.base.codes import NO_BAD_ROWS, NOT_BUILT
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName, did_you_mean, table_of
from xform.project.assets import Kind, Language
from xform.run.failures import EngineError
from xform.run.ports import QueryResult
from xform.run.records import BadRows
from xform.sql.dialects import quote


def bad_rows(workspace: Workspace, written: str) -> tuple[BadRows, ...]:
    """What is kept of rows that failed a test, or any test of an asset, in the environment. Raises
    UserError where there is nothing."""
    kept = [bad for bad in workspace.engine.bad_rows() if bad.environment == workspace.environment]
    found = tuple(bad for bad in kept if written in (bad.test, bad.asset, table_of(bad.asset)))
    if not found:
        names = {name for bad in kept for name in (bad.test, bad.asset)}
        raise UserError(
            [
                diagnose(
                    NO_BAD_ROWS,
                    f"no bad rows of '{written}' are kept in '{workspace.environment}'",
                    "<command line>",
                    did_you_mean(written, names) or "keep them: xform test --store-failures",
                )
            ]
        )
    return found


def show_rows(
    workspace: Workspace, compilation: Compilation, name: AssetName, limit: int
) -> tuple[QueryResult, int]:
    """At most `limit` rows, and how many there are in all. Raises UserError where there is
    nothing to read."""
    environment = workspace.environment

    def relation(asset: AssetName) -> str:
        declared = compilation.declared[asset]
        if declared.kind is Kind.EXTERNAL:
            return workspace.relation_sql(declared)
        return f"{quote(published_schema(asset, environment))}.{quote(table_of(asset))}"

    kind = compilation.assets[name].kind
    if kind is Kind.EXPOSURE:
        raise UserError(
            [
                diagnose(
                    NOT_BUILT,
                    f"'{name}' is an exposure, which has no rows",
                    compilation.declared[name].span,
                    "show one of the models that it depends on",
                )
            ]
        )
    sql = f"select * from {relation(name)}"
    if kind is Kind.EPHEMERAL and compilation.declared[name].language is Language.SQL:
        sql = f"select * from (\n{spliced(compilation, name, relation).sql.strip()}\n)"
    workspace.engine.open(read_only=True)
    try:
        with workspace.engine.session() as session:
            result = session.query(sql, limit)
            if len(result.rows) < limit:
                return result, len(result.rows)
            counted = session.query(f"select count(*) from (\n{sql}\n)")
            return result, int(counted.rows[0][0])
    except EngineError as error:
        if error.kind != "catalog":
            raise
        raise UserError(
            [
                diagnose(
                    NOT_BUILT,
                    f"'{name}' is not built in '{environment}'",
                    compilation.declared[name].path,
                    f"build it: xform build --select +{name}",
                )
            ]
        ) from None
    finally:
        workspace.engine.close()

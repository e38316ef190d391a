"""`xform compile`: everything that needs no warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from xform.app.output.written import left, note_written, settle, standing
from xform.base.diagnostics import Severity
from xform.cli.context import OK, USAGE, Context, reporting
from xform.cli.options import Option
from xform.console.text import line

if TYPE_CHECKING:
    from xform.app.compiling.compiled import Compilation
    from xform.app.workspace import Workspace


@reporting
def run(
    context: Context,
    write: Annotated[
        bool, Option("--write/--no-write", help="Write target/compiled and the manifest.")
    ] = True,
) -> None:
    """Check the project: diagnostics, compiled SQL under target/compiled, target/manifest.json."""
    compilation = context.compile(strict=False)
    if write:
        _write(context.workspace, compilation)
    if context.json:
        from xform.app.output.forms import compile_form

        context.print_json(compile_form(compilation))
    context.report(compilation.diagnostics)
    errors = sum(d.severity is Severity.ERROR for d in compilation.diagnostics)
    if not errors and context.format == "text":
        models = sum(a.language != "none" for a in compilation.project.assets)
        total = len(compilation.assets)
        where = "; compiled SQL is in target/compiled" if write else ""
        context.terminal.talk([line(f"{models} models, {total} assets: no errors{where}")])
    context.exit(USAGE if errors else OK)


def _write(workspace: Workspace, compilation: Compilation) -> None:
    """Write what is not there yet."""
    root, cache, identity = workspace.root, workspace.cache, workspace.identity_of(compilation)
    there = left(root, cache) if identity is not None else None
    if there is not None and there.of == identity:
        settle(root, cache, there)
        return
    from xform.app.output.artefacts import write_artefacts

    stands = standing(there, workspace.touched_since()) if there is not None else None
    lengths = write_artefacts(root, compilation, stands)
    if identity is not None:
        note_written(root, cache, identity, workspace.base, lengths)

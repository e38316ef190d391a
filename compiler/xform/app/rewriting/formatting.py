"""`format`: SQL models in their one form, each left as it is where that would change what it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xform.app.compiling.compiled import Compilation
from xform.app.rewriting.proving import Rewriting, write_text
from xform.app.workspace import Workspace
from xform.base.codes import NOT_LAID_OUT, WOULD_CHANGE
from xform.base.diagnostics import Diagnostic, diagnose, errors_of
from xform.base.names import AssetName
from xform.project.assets import Asset
from xform.project.header import read_header
from xform.sql.layout.form import laid_out
from xform.sql.layout.lexing import Unreadable
from xform.sql.tokens import digest_text


@dataclass(frozen=True, slots=True)
class Formatted:
    """One file. `after` is `before` where nothing is to be done, or it was left as it is;
    `problems` say why it was."""

    path: str
    before: str
    after: str
    problems: tuple[Diagnostic, ...] = ()
    asset: AssetName | None = None

    @property
    def changed(self) -> bool:
        return self.before != self.after


def sql_models(compilation: Compilation) -> list[Asset]:
    """All models with a file of SQL, in the order of their paths."""
    found = [a for a in compilation.project.assets if a.has_file]
    return sorted(found, key=lambda asset: asset.path)


def format_models(
    workspace: Workspace, compilation: Compilation, assets: Iterable[Asset]
) -> list[Formatted]:
    """The models of a compiled project in their form; nothing is written."""
    rewriting = Rewriting(workspace, compilation)
    done: list[Formatted] = []
    for asset in assets:
        try:
            text = rewriting.read(asset)
        except UnicodeDecodeError:
            wrong = errors_of(d for d in compilation.diagnostics if d.span.path == asset.path)
            done.append(Formatted(asset.path, "", "", tuple(wrong), asset.name))
            continue
        done.append(_formatted(workspace, compilation, asset, text))
    kept = rewriting.kept({f.asset: f.after for f in done if f.changed and f.asset}, is_same)
    return [_left(each) if each.changed and each.asset not in kept else each for each in done]


def write_formatted(workspace: Workspace, files: Iterable[Formatted]) -> None:
    """Put into the files what has changed. Raises OSError."""
    for each in files:
        if each.changed:
            write_text(workspace, each.path, each.after)


def format_text(workspace: Workspace, text: str, path: str) -> Formatted:
    """A text in its form: that of the model at `path`, whether it is saved or not. Of a text that
    is no model's only the tokens are compared."""
    known = None
    if path in workspace.files.entries:
        compilation = workspace.compile()
        known = next((a for a in sql_models(compilation) if a.path == path), None)
    if known is None:
        dialect = workspace.settings.dialect or "duckdb"
        header, _ = read_header(text, path)
        return _laid_out(workspace, text, path, dialect, header.end)
    workspace.unsaved[path] = text
    before = workspace.compile_with({path: text.encode()})
    asset = before.declared[known.name]
    made = _formatted(workspace, before, asset, text)
    if not made.changed:
        return made
    after = workspace.compile_with({path: made.after.encode()})
    return made if is_same(before, after, asset.name) else _left(made)


def is_same(before: Compilation, after: Compilation, name: AssetName) -> bool:
    """Whether a model is just what it was: by its fingerprint, and where it has none by the tokens
    of what its template gives."""
    was, becomes = before.assets[name], after.assets.get(name)
    if becomes is None or was.fingerprint != becomes.fingerprint:
        return False
    if was.fingerprint is None:
        return _says(before, name) == _says(after, name)
    return was == becomes


def _says(compilation: Compilation, name: AssetName) -> str:
    parsed = compilation.body(name).parsed
    if parsed is None or parsed.rendered is None:
        return ""
    dialect = compilation.declared[name].dialect or compilation.slim.dialect
    return digest_text(parsed.rendered.text, dialect)


def _formatted(
    workspace: Workspace, compilation: Compilation, asset: Asset, text: str
) -> Formatted:
    dialect = workspace.inputs.dialect_of(asset)
    made = _laid_out(workspace, text, asset.path, dialect, asset.header_end, asset.name)
    if not made.problems:
        return made
    wrong = errors_of(d for d in compilation.diagnostics if d.span.path == asset.path)
    return Formatted(asset.path, text, text, tuple(wrong) or made.problems, asset.name)


def _laid_out(
    workspace: Workspace,
    text: str,
    path: str,
    dialect: str,
    start: int,
    name: AssetName | None = None,
) -> Formatted:
    try:
        after = laid_out(text, dialect, start, workspace.settings.line_length)
    except Unreadable as reason:
        message = f"'{path}' is left as it is: {reason}"
        advice = "what can be laid out has brackets and blocks that close where they open"
        problem = diagnose(NOT_LAID_OUT, message, path, advice, asset=name)
        return Formatted(path, text, text, (problem,), name)
    return Formatted(path, text, after, (), name)


def _left(made: Formatted) -> Formatted:
    """The file as it is: in its form it would be another model."""
    message = f"'{made.path}' is left as it is: in another layout it would be another model"
    advice = "its template reads its own layout, or writes part of a word"
    problem = diagnose(WOULD_CHANGE, message, made.path, advice, asset=made.asset)
    return Formatted(made.path, made.before, made.before, (problem,), made.asset)

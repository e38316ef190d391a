"""`lint --fix`: findings that an edit of the written file mends, where the model stays what it is.

A fix is safe when it leaves rows and columns alone. That is not believed but seen: each file is
compiled as it would be, and only an edit with which the model's fingerprint is the same is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from xform.app.compiling.compiled import Compilation
from xform.app.compiling.silences import without
from xform.app.rewriting.proving import Rewriting, write_text
from xform.app.workspace import Workspace
from xform.base.codes import (
    EMPTY_HEADER,
    NULL_COMPARISON,
    UNUSED_CTE,
    UNUSED_SILENCE,
    WOULD_CHANGE,
)
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.edits import Edit, edited
from xform.base.names import AssetName
from xform.base.spans import LineIndex, Span
from xform.project.assets import Asset

_ROUNDS = 20
"""One fix may make room for another: a CTE that was read by one that nothing read."""


@dataclass(frozen=True, slots=True)
class Fix:
    diagnostic: Diagnostic
    edit: Edit
    asset: AssetName


@dataclass(slots=True)
class Fixed:
    """What was mended, and what could not be. `workspace` and `compilation` are the project as it
    is then."""

    workspace: Workspace
    compilation: Compilation
    made: list[Diagnostic] = field(default_factory=list)
    refused: list[Diagnostic] = field(default_factory=list)


SAFE = frozenset(code.id for code in (EMPTY_HEADER, UNUSED_CTE, UNUSED_SILENCE))
UNSAFE = frozenset([NULL_COMPARISON.id])
"""Codes whose fix changes what is built, as it is most likely meant."""

Wanted: TypeAlias = Callable[[Diagnostic], bool]


def fixable(
    workspace: Workspace,
    compilation: Compilation,
    found: Iterable[Diagnostic],
    codes: frozenset[str],
) -> list[Fix]:
    """Those of the findings that an edit mends."""
    fixer = _Finder(workspace, compilation)
    return [fix for each in found if each.code in codes and (fix := fixer.find(each)) is not None]


def fix_all(
    workspace: Workspace, compilation: Compilation, wanted: Wanted, codes: frozenset[str]
) -> Fixed:
    """Mend what can be mended among the findings that are wanted. Raises OSError."""
    fixed = Fixed(workspace, compilation)
    tried: set[Diagnostic] = set()
    for _ in range(_ROUNDS):
        asked = [each for each in fixed.compilation.diagnostics if wanted(each)]
        fixes = fixable(fixed.workspace, fixed.compilation, asked, codes)
        fixes = [fix for fix in fixes if fix.diagnostic not in tried]
        if not fixes:
            break
        texts, made, refused = _round(fixed, fixes)
        tried.update(refused)
        fixed.made += made
        fixed.refused += refused
        for path, text in texts.items():
            write_text(fixed.workspace, path, text)
        if texts:
            fixed.workspace = fixed.workspace.reopened()
            fixed.compilation = fixed.workspace.compile()
    return fixed


def told(refused: Iterable[Diagnostic]) -> list[Diagnostic]:
    """That fixes were not made."""
    return [
        diagnose(
            WOULD_CHANGE,
            f"{each.code} is not mended here: the model would be another one",
            each.span,
            each.help,
            asset=each.asset,
        )
        for each in refused
    ]


def _round(
    fixed: Fixed, fixes: list[Fix]
) -> tuple[dict[str, str], list[Diagnostic], list[Diagnostic]]:
    """(texts by path, findings that they mend, findings whose fix was refused)."""
    rewriting = Rewriting(fixed.workspace, fixed.compilation)
    by_asset: dict[AssetName, list[Fix]] = {}
    for fix in fixes:
        by_asset.setdefault(fix.asset, []).append(fix)
    wanted = {
        name: _with_edits(rewriting, fixed.compilation.declared[name], of_file)
        for name, of_file in by_asset.items()
    }
    kept = rewriting.kept(wanted, _is_sound(fixes))
    made = [fix.diagnostic for name in kept for fix in by_asset[name]]
    refused: list[Diagnostic] = []
    for name in wanted.keys() - kept.keys():
        for fix in by_asset[name]:
            text = _with_edits(rewriting, fixed.compilation.declared[name], [fix])
            alone = rewriting.kept({name: text}, _is_sound([fix])) if name not in kept else {}
            kept.update(alone)
            if alone:
                made.append(fix.diagnostic)
            elif name not in kept:
                refused.append(fix.diagnostic)
    paths = {fixed.compilation.declared[name].path: text for name, text in kept.items()}
    return paths, made, refused


def _is_sound(fixes: Iterable[Fix]) -> Callable[[Compilation, Compilation, AssetName], bool]:
    """Whether a model is what it was; where a fix is to change it, whether it compiles."""
    changing = {fix.asset for fix in fixes if fix.diagnostic.code in UNSAFE}

    def is_sound(before: Compilation, after: Compilation, name: AssetName) -> bool:
        was, becomes = before.assets[name].fingerprint, after.assets[name].fingerprint
        return becomes is not None and (was == becomes or name in changing)

    return is_sound


def _with_edits(rewriting: Rewriting, asset: Asset, fixes: Iterable[Fix]) -> str:
    text = rewriting.read(asset)
    made = edited(text.replace("\r\n", "\n"), (fix.edit for fix in fixes))
    return made.replace("\n", "\r\n") if "\r\n" in text else made


class _Finder:
    """Finds the edits for findings, file by file."""

    def __init__(self, workspace: Workspace, compilation: Compilation) -> None:
        self._workspace = workspace
        self._rewriting = Rewriting(workspace, compilation)
        self._models = {asset.path: asset for asset in compilation.project.assets if asset.has_file}

    def find(self, found: Diagnostic) -> Fix | None:
        asset = self._models.get(found.span.path)
        if asset is None or found.asset not in (None, asset.name):
            return None
        try:
            written = self._rewriting.read(asset)
        except UnicodeDecodeError:
            return None
        text = written.replace("\r\n", "\n")
        if "\r" in text:
            return None
        start, end = _offsets(text, found.span)
        edit = self._edit(found.code, asset, text, start, end)
        return Fix(found, edit, asset.name) if edit is not None else None

    def _edit(self, code: str, asset: Asset, text: str, start: int, end: int) -> Edit | None:
        from xform.sql.layout.form import marked
        from xform.sql.layout.lexing import Unreadable
        from xform.sql.layout.mending import asked_by_is, without_cte

        if code == UNUSED_SILENCE.id:
            return without(text, start, end)
        if code == EMPTY_HEADER.id:
            return _without_header(text, start)
        head = text[: asset.header_end]
        try:
            tokens = marked(_blanked(head) + text[asset.header_end :], self._dialect(asset))
        except Unreadable:
            return None
        if code == UNUSED_CTE.id:
            return without_cte(tokens, start, text)
        return asked_by_is(tokens, start, end)

    def _dialect(self, asset: Asset) -> str:
        return self._workspace.inputs.dialect_of(asset)


def _offsets(text: str, span: Span) -> tuple[int, int]:
    index = LineIndex(text)
    return index.offset(span.line, span.column), index.offset(span.end_line, span.end_column)


def _blanked(head: str) -> str:
    return "".join(character if character == "\n" else " " for character in head)


def _without_header(text: str, start: int) -> Edit | None:
    """Takes out a settings block that holds nothing, not even a comment."""
    end = text.find("*/", start)
    if end < 0 or text[start:end].strip("/* \t\n") != "@model":
        return None
    end += len("*/")
    return Edit(start, end + len(text[end:]) - len(text[end:].lstrip()))

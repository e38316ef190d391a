"""Assets as far as their own file and their place tell them: a name, a kind, where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import AssetName, asset_name
from xform.base.spans import Span, file_span
from xform.project.assets import Kind, Language, ModelVersion
from xform.project.declarations import (
    Exposure,
    FileDeclarations,
    Latest,
    ModelFile,
    SourceTable,
)
from xform.project.files import FileEntry
from xform.project.layout import KEPT_SCHEMAS, SEED_FORMATS, SEEDS, folder_of, place_of, usable

EXPOSURE_SCHEMA = "exposure"
"""An exposure has no schema of its own: its name is `exposure.<name>`."""


@dataclass(frozen=True, slots=True)
class Draft:
    """`declared` is what its file says of it; None for seeds."""

    schema: str
    table: str
    kind: Kind
    language: Language
    path: str
    span: Span
    declared: ModelFile | SourceTable | Exposure | Latest | None = field(default=None)
    version: ModelVersion | None = None

    @property
    def name(self) -> AssetName:
        return asset_name(self.schema, self.table)

    def plain(self, table: str, path: str, span: Span, latest: Latest) -> Draft:
        """The plain name beside a version: a view, declared at a place in a yml file."""
        return Draft(self.schema, table, Kind.VIEW, Language.SQL, path, span, latest)


def each_once(drafts: Iterable[Draft]) -> tuple[list[Draft], list[Diagnostic]]:
    """Those of usable names, each name once, sorted by name."""
    found: list[Diagnostic] = []
    by_fold: dict[str, Draft] = {}
    for draft in drafts:
        bad = _bad_name(draft)
        if bad is not None:
            found.append(bad)
            continue
        first = by_fold.setdefault(draft.name.casefold(), draft)
        if first is not draft:
            found.append(_duplicate(draft, first))
    return sorted(by_fold.values(), key=lambda draft: draft.name), found


def drafts(
    declarations: Sequence[FileDeclarations], entries: Mapping[str, FileEntry], default_schema: str
) -> Iterator[Draft]:
    """All assets, as their files name them."""
    for file in declarations:
        if file.model is not None:
            place = place_of(file.path, default_schema)
            kind = Kind.VIEW if file.model.language is Language.SQL else Kind.TABLE
            yield Draft(
                place.schema,
                place.name,
                kind,
                file.model.language,
                file.path,
                file.model.span,
                file.model,
            )
    for path in entries:
        place = place_of(path, default_schema)
        if folder_of(path) == SEEDS and place.suffix in SEED_FORMATS:
            yield Draft(place.schema, place.name, Kind.SEED, Language.NONE, path, file_span(path))
    for file in declarations:
        for table in file.sources:
            yield Draft(
                table.source,
                table.name,
                Kind.EXTERNAL,
                Language.NONE,
                file.path,
                table.span,
                table,
            )
        for exposure in file.exposures:
            yield Draft(
                EXPOSURE_SCHEMA,
                exposure.name,
                Kind.EXPOSURE,
                Language.NONE,
                file.path,
                exposure.span,
                exposure,
            )


def _bad_name(draft: Draft) -> Diagnostic | None:
    in_file = draft.kind in (Kind.EXTERNAL, Kind.EXPOSURE)
    if draft.kind is not Kind.EXTERNAL and draft.schema.casefold() in KEPT_SCHEMAS:
        return diagnose(
            codes.BAD_NAME,
            f"schema '{draft.schema}' is kept for xform's own tables or the warehouse's",
            draft.span,
            "choose another name for the " + ("source" if in_file else "folder"),
        )
    for part, what in ((draft.schema, "folder"), (draft.table, "file")):
        if not usable(part):
            noun = "name" if in_file else what
            return diagnose(
                codes.BAD_NAME,
                f"'{part}' cannot be part of an asset's name"
                if part
                else "an asset's name is empty",
                draft.span,
                f"rename the {noun}: letters, digits, '_', '-' and '$'",
            )
    return None


def _duplicate(draft: Draft, first: Draft) -> Diagnostic:
    case = (
        "" if draft.name == first.name else f" (as '{first.name}': case does not tell them apart)"
    )
    return diagnose(
        codes.DUPLICATE_ASSET,
        f"'{draft.name}' is declared twice{case}",
        draft.span,
        f"rename one of the two; the other is in {first.path}",
        asset=draft.name,
        labels=[Label(first.span, f"first declared here, as {_kind(first)}")],
    )


def _kind(draft: Draft) -> str:
    match draft.kind:
        case Kind.SEED:
            return "a seed"
        case Kind.EXTERNAL:
            return "a source"
        case Kind.EXPOSURE:
            return "an exposure"
        case _:
            return "a model"

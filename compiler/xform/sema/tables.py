"""Which asset each table of a query is: by full name, or by bare name where only one has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from xform.base.codes import (
    AMBIGUOUS_RELATION,
    READS_EXPOSURE,
    SELF_REFERENCE,
    UNKNOWN_RELATION,
)
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span
from xform.project.assets import Kind
from xform.template.rendered import Reference

if TYPE_CHECKING:
    from xform.sql.parse import Place
    from xform.sql.splice import Places


class NameIndex(msgspec.Struct, frozen=True):
    """All assets by folded full name and by folded bare name."""

    kinds: Mapping[AssetName, Kind]
    full: Mapping[str, AssetName] = msgspec.field(default_factory=dict)
    bare: Mapping[str, tuple[AssetName, ...]] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, kinds: Mapping[AssetName, Kind]) -> NameIndex:
        full: dict[str, AssetName] = {}
        bare: dict[str, list[AssetName]] = {}
        for name, kind in kinds.items():
            folded = name.lower()
            full[folded] = name
            if kind is not Kind.EXPOSURE:
                bare.setdefault(folded.partition(".")[2], []).append(name)
        return cls(kinds, full, {key: tuple(sorted(names)) for key, names in bare.items()})

    def find(self, parts: Sequence[str]) -> tuple[AssetName, ...]:
        """The assets that a written name may mean. `a.b.c` is database, schema, table."""
        folded = [part.lower() for part in parts]
        if len(folded) == 1:
            return self.bare.get(folded[0], ())
        name = self.full.get(".".join(folded[-2:]))
        return (name,) if name is not None else ()

    def find_written(self, written: str) -> tuple[AssetName, ...]:
        """As `find`, of a dotted name."""
        return self.find(written.split("."))

    def one(self, written: str) -> AssetName | None:
        """The asset that a dotted name means, where it means just one."""
        found = self.find_written(written)
        return found[0] if len(found) == 1 else None

    def suggestion(self, written: str) -> str:
        names = [str(name) for name in self.kinds]
        if "." not in written:
            by_bare = did_you_mean(written, self.bare)
            if by_bare:
                return by_bare
        return did_you_mean(written, names)


def find_reader(
    index: NameIndex, written: str, parts: Sequence[str], at: Span, reader: AssetName
) -> tuple[AssetName | None, Diagnostic | None]:
    """The one asset that a name in `reader` means, or the diagnostic why there is none."""
    found = index.find(parts)
    if len(found) > 1:
        listed = ", ".join(found)
        return None, diagnose(
            AMBIGUOUS_RELATION,
            f"'{written}' may be any of {listed}",
            at,
            f"write the schema too: {found[0]}",
            asset=reader,
        )
    if not found:
        hint = index.suggestion(written)
        return None, diagnose(
            UNKNOWN_RELATION,
            f"unknown relation '{written}'",
            at,
            hint or "add a model or seed of that name, or declare it as a source in a yml file",
            asset=reader,
        )
    name = found[0]
    if name == reader:
        return None, diagnose(
            SELF_REFERENCE,
            f"'{reader}' reads itself",
            at,
            "read from the model's inputs; for a recursion use WITH RECURSIVE",
            asset=reader,
        )
    if index.kinds[name] is Kind.EXPOSURE:
        return None, diagnose(
            READS_EXPOSURE,
            f"'{written}' is an exposure, which has no rows",
            at,
            "read one of the models that the exposure depends on",
            asset=reader,
        )
    return name, None


def resolve_tables(
    reader: AssetName,
    unit: Places,
    references: Sequence[Reference],
    index: NameIndex,
    place: Place,
) -> tuple[tuple[AssetName | None, ...], tuple[Diagnostic, ...]]:
    """The asset of each table of the unit, None where there is none (then with a diagnostic)."""
    assets: list[AssetName | None] = []
    diagnostics: list[Diagnostic] = []
    for table in unit.tables:
        if table.reference >= 0:
            reference = references[table.reference]
            parts: Sequence[str] = reference.arguments or reader.split(".")
            at = reference.span
        else:
            parts, at = table.parts, place.span(table.start, table.end)
        asset, problem = find_reader(index, ".".join(parts), _parts(parts), at, reader)
        assets.append(asset)
        if problem is not None and problem not in diagnostics:
            diagnostics.append(problem)
    return tuple(assets), tuple(diagnostics)


def _parts(parts: Sequence[str]) -> Sequence[str]:
    """`ref('staging.orders')` names both parts in one."""
    return parts[0].split(".") if len(parts) == 1 and "." in parts[0] else parts


def scans(assets: Iterable[AssetName | None]) -> tuple[AssetName, ...]:
    return tuple(sorted({asset for asset in assets if asset is not None}))

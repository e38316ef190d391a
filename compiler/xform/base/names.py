"""Names of assets and columns.

An asset's name is `<schema>.<name>`, as written in the project (DESIGN §3). Columns are compared
by their folded name; what is shown is the name as written.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NewType, TypeAlias

AssetName = NewType("AssetName", str)
"""`schema.name`; neither part may hold a dot."""

ColumnRef: TypeAlias = tuple[AssetName, str]
"""A column of an asset."""


def asset_name(schema: str, name: str) -> AssetName:
    return AssetName(f"{schema}.{name}")


def schema_of(name: AssetName) -> str:
    return name.partition(".")[0]


def table_of(name: AssetName) -> str:
    return name.partition(".")[2]


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names closest to a misspelt one, best first."""
    by_fold = {candidate.lower(): candidate for candidate in sorted(known)}
    close = difflib.get_close_matches(name.lower(), by_fold, n=count, cutoff=0.6)
    return [by_fold[fold] for fold in close]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x' or 'y'?`, or an empty string where nothing is near."""
    close = [f"'{candidate}'" for candidate in nearest(name, known)]
    if not close:
        return ""
    listed = close[0] if len(close) == 1 else f"{', '.join(close[:-1])} or {close[-1]}"
    return f"did you mean {listed}?"

"""Groups of assets, as yml declares them: who owns them, and who may read what is private."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.spans import Span


class Group(msgspec.Struct, frozen=True):
    """`owner` is that of every asset of the group that names no other."""

    name: str
    span: Span
    owner: str
    description: str = ""


def groups_by_name(groups: Iterable[Group]) -> tuple[Mapping[str, Group], list[Diagnostic]]:
    """Groups by name, sorted; of two with one name the first."""
    found: list[Diagnostic] = []
    by_name: dict[str, Group] = {}
    for group in groups:
        first = by_name.setdefault(group.name, group)
        if first is not group:
            found.append(
                diagnose(
                    codes.GROUP_TWICE,
                    f"group '{group.name}' is declared twice",
                    group.span,
                    "put both into one, or rename one of the two",
                    labels=[Label(first.span, "the other one")],
                )
            )
    return dict(sorted(by_name.items())), found

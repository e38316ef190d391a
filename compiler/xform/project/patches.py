"""yml entries find the models and seeds that they describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import AssetName, did_you_mean, table_of
from xform.project.declarations import FileDeclarations, Patch


def match_patches(
    declarations: Iterable[FileDeclarations], sections: Mapping[AssetName, str]
) -> tuple[dict[AssetName, tuple[str, Patch]], list[Diagnostic]]:
    """(asset → (yml file, what it says), findings). `sections` gives each asset's yml section,
    `models` or `seeds`."""
    by_name: dict[str, list[AssetName]] = {}
    for asset in sections:
        by_name.setdefault(asset.casefold(), []).append(asset)
        by_name.setdefault(table_of(asset).casefold(), []).append(asset)
    matched: dict[AssetName, tuple[str, Patch]] = {}
    found: list[Diagnostic] = []
    for file in declarations:
        for patch in file.patches:
            named = by_name.get(patch.name.casefold(), [])
            fitting = [asset for asset in named if sections[asset] == patch.section]
            match fitting:
                case [asset]:
                    first = matched.setdefault(asset, (file.path, patch))[1]
                    if first is not patch:
                        found.append(_twice(asset, patch, first))
                case []:
                    found.append(_unknown(patch, named, sections))
                case _:
                    found.append(_ambiguous(patch, fitting))
    return matched, found


def _twice(asset: AssetName, patch: Patch, first: Patch) -> Diagnostic:
    return diagnose(
        codes.DUPLICATE_PATCH,
        f"'{asset}' is described twice",
        patch.span,
        "put both entries into one",
        asset=asset,
        labels=[Label(first.span, "first here")],
    )


def _unknown(
    patch: Patch, elsewhere: list[AssetName], sections: Mapping[AssetName, str]
) -> Diagnostic:
    noun = patch.section.removesuffix("s")
    if elsewhere:
        other = sections[elsewhere[0]]
        advice = f"'{elsewhere[0]}' is a {other.removesuffix('s')}: move the entry to '{other}:'"
    else:
        fitting = [asset for asset, section in sections.items() if section == patch.section]
        full = "." in patch.name
        known = fitting if full else [table_of(asset) for asset in fitting]
        advice = did_you_mean(patch.name, known) or f"correct the name, or add the {noun}"
    return diagnose(codes.UNKNOWN_PATCH, f"there is no {noun} '{patch.name}'", patch.span, advice)


def _ambiguous(patch: Patch, fitting: list[AssetName]) -> Diagnostic:
    names = sorted(fitting)
    return diagnose(
        codes.AMBIGUOUS_PATCH,
        f"'{patch.name}' could be {' or '.join(names)}",
        patch.span,
        f"name the schema as well: '{names[0]}'",
    )

"""What assets may read of each other: access by group, and what will be gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from xform.base.codes import NOT_ACCESSIBLE, READS_DEPRECATED, UNKNOWN_GROUP
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Span
from xform.checks.declared import tests_of
from xform.project.assets import Asset, Project

ReferencePlace = Callable[[Asset, AssetName], Span]
"""Where an asset refers to another that it reads."""


def check_references(
    project: Project,
    depends: Mapping[AssetName, tuple[AssetName, ...]],
    compared: Mapping[AssetName, tuple[AssetName, ...]],
    place: ReferencePlace,
) -> Iterator[Diagnostic]:
    """`depends` is what each asset reads, `compared` what its tests read besides. Where the project
    is a part of a larger one, what stays outside of it is as it was."""
    assets = {asset.name: asset for asset in project.assets}
    groups = {group.name for group in project.groups}
    for reader in project.assets:
        if reader.group is not None and reader.group not in groups:
            yield _unknown_group(reader, groups)
        for name in depends[reader.name] if reader.shows is None else ():
            read = assets.get(name)
            if read is not None and _is_to_be_said(reader, read):
                yield from _said(reader, read, place(reader, name))
        for name in compared[reader.name]:
            read = assets.get(name)
            if read is not None and name not in depends[reader.name] and not _may(reader, read):
                yield _refused(reader, read, _test_place(reader, read), "a test of ")


def _is_to_be_said(reader: Asset, read: Asset) -> bool:
    return read.deprecation_date is not None or not _may(reader, read)


def _may(reader: Asset, read: Asset) -> bool:
    """Private is what only its own group may read. All that are in no group are one, too."""
    return read.access != "private" or reader.group == read.group


def _said(reader: Asset, read: Asset, at: Span) -> Iterator[Diagnostic]:
    if not _may(reader, read):
        yield _refused(reader, read, at)
    if read.deprecation_date is not None:
        yield diagnose(
            READS_DEPRECATED,
            f"'{reader.name}' reads '{read.name}', which may be gone from "
            f"{read.deprecation_date} on",
            at,
            _instead(read),
            asset=reader.name,
            labels=_label(read, "deprecation_date", "it is told here"),
        )


def _instead(read: Asset) -> str:
    version = read.version
    if version is None or version.number == version.latest:
        return "read what stands for it"
    return f"read '{version.model}_v{version.latest}', or '{version.model}' for the latest version"


def _refused(reader: Asset, read: Asset, at: Span, what: str = "") -> Diagnostic:
    own = f"group '{read.group}'" if read.group is not None else "assets without a group"
    other = f"in group '{reader.group}'" if reader.group is not None else "in no group"
    help_ = f"set 'access: protected' at '{read.name}'"
    if read.group is not None:
        help_ = f"{help_}, or put '{reader.name}' into group '{read.group}'"
    return diagnose(
        NOT_ACCESSIBLE,
        f"'{read.name}' is private to {own}, and {what}'{reader.name}' is {other}",
        at,
        help_,
        asset=reader.name,
        labels=_label(read, "access", "it is declared private here"),
    )


def _label(read: Asset, setting: str, message: str) -> list[Label]:
    at = read.places.get(setting)
    return [Label(at, message)] if at is not None else []


def _test_place(reader: Asset, read: Asset) -> Span:
    """That of the test which names the other asset, as far as it can be told."""
    names = (read.name.lower(), read.name.lower().partition(".")[2])
    for _, test in tests_of(reader):
        if str(test.args.get("to", "")).lower() in names:
            return test.span
    tests = tests_of(reader)
    return tests[0][1].span if tests else reader.span


def _unknown_group(asset: Asset, groups: set[str]) -> Diagnostic:
    assert asset.group is not None
    return diagnose(
        UNKNOWN_GROUP,
        f"'{asset.name}' is in group '{asset.group}', which is not declared",
        asset.places.get("group", asset.span),
        did_you_mean(asset.group, groups)
        or f"declare it in a yml file: 'groups: [{{name: {asset.group}, owner: …}}]'",
        asset=asset.name,
    )

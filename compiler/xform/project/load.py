"""Loading a project: every file declared once per content, then all put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.project.assemble import assemble, wanted
from xform.project.assets import Project
from xform.project.declare import declare, is_declaring
from xform.project.declared import Declared
from xform.project.files import UnreadableFile, WideFiles
from xform.project.layout import PYPROJECT, XFORM_TOML
from xform.project.settings import Settings, read_settings


class Loaded(msgspec.Struct, frozen=True):
    """`declared` is to be given to the next loading: files of equal content are not read."""

    project: Project
    settings: Settings
    declared: dict[str, Declared]


def load(
    files: WideFiles, remembered: Mapping[str, Declared] | None = None
) -> tuple[Loaded, list[Diagnostic]]:
    """The project in `files`; its listing is widened by what declarations name outside of it."""
    found = list(files.diagnostics)
    settings, more = read_settings(
        _content(files, PYPROJECT, found), _content(files, XFORM_TOML, found)
    )
    found += more
    declared: dict[str, Declared] = {}
    asked: frozenset[str] = frozenset()
    while True:
        new = _declare(files, files.entries.keys() - declared.keys(), remembered or {}, found)
        declared.update(new)
        asked_now = wanted(each.declarations for each in new.values()) - asked
        asked |= asked_now
        if not files.widen(asked_now - files.entries.keys()):
            break
    found += [finding for each in declared.values() for finding in each.diagnostics]
    project, more = assemble(
        settings, (each.declarations for each in declared.values()), files.entries
    )
    found += more
    return Loaded(project, settings, declared), sorted(found, key=lambda finding: finding.order)


def _declare(
    files: WideFiles,
    paths: Iterable[str],
    remembered: Mapping[str, Declared],
    found: list[Diagnostic],
) -> dict[str, Declared]:
    declared = {}
    for path in sorted(paths):
        if not is_declaring(path):
            continue
        entry = files.entries[path]
        known = remembered.get(path)
        if known is not None and known.digest == entry.digest:
            declared[path] = known
            continue
        content = _content(files, path, found)
        if content is not None:
            declared[path] = Declared(entry.digest, *declare(path, content))
    return declared


def _content(files: WideFiles, path: str, found: list[Diagnostic]) -> bytes | None:
    if path not in files.entries:
        return None
    try:
        return files.read(path)
    except UnreadableFile as unreadable:
        found.append(unreadable.diagnostic)
        return None

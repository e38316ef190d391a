"""What the files of a project declare, from what is remembered of each."""

from __future__ import annotations

from xform.base.codes import GRANTS_UNKNOWN
from xform.base.diagnostics import Diagnostic, diagnose
from xform.project.assets import Project
from xform.project.declare import is_declaring
from xform.project.declared import Declared, declared_key
from xform.project.files import WideFiles
from xform.project.load import load
from xform.query.memo import Memo


def declared_project(files: WideFiles, memo: Memo) -> tuple[Project, list[Diagnostic]]:
    """What the files declare; a file whose content is known is not read again."""
    keys = {
        path: declared_key(path, entry.digest)
        for path, entry in files.entries.items()
        if is_declaring(path)
    }
    memo.prefetch(("declare", key) for key in keys.values())
    remembered = {
        path: known
        for path, key in keys.items()
        if (known := memo.peek("declare", key, Declared)) is not None
    }
    loaded, found = load(files, remembered)
    for path, declared in loaded.declared.items():
        if path not in remembered:
            memo.ran.append(("declare", path))
            memo.put("declare", declared_key(path, declared.digest), declared)
    return loaded.project, list(found)


def idle_grants(project: Project, engine: str) -> list[Diagnostic]:
    """That grants are not given by this engine: once, at the first asset that has some."""
    granting = [asset for asset in project.assets if asset.running.grants]
    if not granting:
        return []
    more = f" and of {len(granting) - 1} more" if len(granting) > 1 else ""
    return [
        diagnose(
            GRANTS_UNKNOWN,
            f"'grants' of '{granting[0].name}'{more} are not given: {engine} has no privileges",
            granting[0].path,
            "take them out, or build in a warehouse that has users",
            asset=granting[0].name,
        )
    ]

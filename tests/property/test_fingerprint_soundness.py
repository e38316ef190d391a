"""Soundness of fingerprints: what keeps its fingerprint keeps its content.

The same promise as of incremental builds, asked of every column and without building anything, so
that many more edits can be tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from fuzz_draw import Chooser, choices
from fuzz_edits import change_query, change_set_operation, draw_edit
from fuzz_history import History, examples, places, told
from fuzz_project import draw_project
from fuzz_warehouse import Content, the_oracle
from hypothesis import given

from xform.app.compiling.compiled import Compilation
from xform.base.names import AssetName
from xform.fingerprint.evaluate import Fingerprints


@given(choices)
@examples(60)
def test_what_keeps_its_fingerprint_keeps_its_content(random: Random) -> None:
    choose = Chooser(random)
    oracle = the_oracle()
    project = draw_project(choose, 2, 5)
    history = History(project)
    with told(history), places() as (work, _):
        work.write(project)
        old, was = work.compile(), oracle.contents(project)
        for _ in range(4):
            edit = choose.pick((change_query, change_query, change_set_operation, None))
            made = edit(choose, project) if edit is not None else draw_edit(choose, project)
            if made is None or made.project.seeds != project.seeds:
                continue
            history.edit(made)
            work.write(made.project)
            new, now = work.compile(), oracle.contents(made.project)
            for asset in was.keys() & now.keys():
                compare(asset, old, new, was[asset], now[asset])
            project, old, was = made.project, new, now


def compare(asset: str, old: Compilation, new: Compilation, was: Content, now: Content) -> None:
    """Columns that kept their fingerprints hold, taken together, what they held; if the rows kept
    theirs too."""
    before, after = fingerprints(old, asset), fingerprints(new, asset)
    if before.build.digest == after.build.digest:
        assert was == now, f"{asset} has the same build fingerprint\nbefore: {was}\nafter: {now}"
    if before.rows.digest != after.rows.digest:
        return
    kept = [
        name
        for name, found in before.columns.items()
        if name in after.columns and after.columns[name].digest == found.digest
    ]
    assert was.only(kept) == now.only(kept), (
        f"{asset} ({', '.join(kept)}) has the same fingerprints\nbefore: {was}\nafter: {now}"
    )
    assert types(was, kept) == types(now, kept)


def fingerprints(compilation: Compilation, asset: str) -> Fingerprints:
    said = "\n".join(str(d) for d in compilation.diagnostics)
    assert not compilation.failed, f"does not compile:\n{said}"
    found = compilation.body(AssetName(asset)).fingerprints
    assert found is not None
    return found


def types(content: Content, names: Iterable[str]) -> list[tuple[str, str]]:
    return sorted(column for column in content.columns if column[0] in set(names))

"""Soundness of lineage: what a column's lineage does not name cannot change it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fuzz_draw import Chooser, choices, value
from fuzz_edits import put_seed, swap
from fuzz_history import DEEP, History, examples, places, told
from fuzz_project import Seed, draw_project
from fuzz_warehouse import the_oracle
from hypothesis import event, given

from xform.app.lineage.columns import LineageReader
from xform.base.names import AssetName


@given(choices)
@examples(30)
def test_columns_outside_of_a_change_are_as_before(random: Random) -> None:
    """The values of one seed column change, in some rows or all.

    Then a relation whose row lineage does not hold it has the same rows, and in these all the
    columns whose value lineage does not hold it have, taken together, the same values.
    """
    choose = Chooser(random)
    oracle = the_oracle()
    project = draw_project(choose, 2, 7 if DEEP else 5)
    history = History(project)
    with told(history), places() as (work, _):
        work.write(project)
        compilation = work.compile()
        assert not compilation.failed, [str(d) for d in compilation.diagnostics]
        lineage = LineageReader(compilation)
        was = oracle.contents(project)
        every = [(seed, at) for seed in project.seeds for at in range(len(seed.columns))]
        for seed, at in every:
            changed = (seed.asset, seed.columns[at][0])
            now = oracle.contents(put_seed(project, perturbed(choose, seed, at)))
            history.note(f"{'.'.join(changed)} changes")
            free = 0
            for model in project.models:
                name = AssetName(model.asset)
                columns = [column for column, _ in was[name].columns]
                deep = {column: lineage.recursive(name, column) for column in columns}
                if any(changed in found.rows for found in deep.values()):
                    continue
                kept = [column for column in columns if changed not in deep[column].value]
                free += len(kept)
                assert was[name].only(kept) == now[name].only(kept), (
                    f"{'.'.join(changed)} changes {name} ({', '.join(kept)})\n"
                    f"before: {was[name]}\nafter: {now[name]}"
                )
            event(f"columns outside: {'some' if free else 'none'}")


def perturbed(choose: Chooser, seed: Seed, at: int) -> Seed:
    """The seed with other values in a column: in all rows, or in some; often all different."""
    share, family = choose.pick((100, 50, 30)), seed.columns[at][1]
    apart = family in ("int", "date") and choose.chance(40)

    def other(number: int, row: tuple[str | None, ...]) -> tuple[str | None, ...]:
        if number and not choose.chance(share):
            return row
        if apart:
            return swap(row, at, str(7 + number) if family == "int" else f"2024-02-1{number}")
        drawn = [value(choose, family) for _ in range(3)]
        return swap(row, at, next((cell for cell in drawn if cell != row[at]), drawn[0]))

    return replace(seed, rows=tuple(other(i, row) for i, row in enumerate(seed.rows)))

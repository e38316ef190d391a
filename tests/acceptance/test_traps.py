"""What tools of this kind are known to get wrong.

Others of these stand where they belong: restated intervals and missing ones in
test_incremental.py, content rebuilt as it was in test_cutoff.py, renamed models in
test_renamed_models.py, kills between statements in test_stopped_builds.py.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import project

ITEMS = "id,kind,price\n1,a,5\n1,b,6\n2,b,7\n"

WIDENED = {
    "plainly": ("select distinct id from raw.items", "select distinct id, kind from raw.items"),
    "in a CTE": (
        "with d as (select distinct id from raw.items) select id from d",
        "with d as (select distinct id, kind from raw.items) select id from d",
    ),
    "in a subquery": (
        "select id from (select distinct id from raw.items)",
        "select id from (select distinct id, kind from raw.items)",
    ),
    "by UNION": (
        "select id from raw.items union select id from raw.items",
        "select id from (select id, kind from raw.items union select id, kind from raw.items)",
    ),
    "by GROUP BY ALL": (
        "select id, count(*) as n from raw.items group by all",
        "select id, kind, count(*) as n from raw.items group by all",
    ),
}


@pytest.mark.parametrize("form", WIDENED)
def test_distinct_rows_that_become_more_reach_a_reader_that_counts_them(
    form: str, tmp_path: Path
) -> None:
    before, after = WIDENED[form]
    files = {
        "seeds/raw/items.csv": ITEMS,
        "models/m/ids.sql": f"/* @model\nkind: table\n*/\n{before}\n",
        "models/m/counted.sql": "/* @model\nkind: table\n*/\nselect count(*) as n from m.ids\n",
    }
    place = project(tmp_path, files)
    place.ok("build")
    assert place.value("select n from m.counted") == 2
    place.replace("models/m/ids.sql", before, after)
    assert place.stale() == {"m.ids", "m.counted"}
    place.ok("build")
    assert place.value("select n from m.counted") == 3


def test_a_comment_at_the_root_of_300_models_issues_no_statement(tmp_path: Path) -> None:
    files = {
        "seeds/raw/items.csv": ITEMS,
        "models/m/root.sql": "/* @model\nkind: table\n*/\nselect id, price from raw.items\n",
    }
    for number in range(299):
        read = "root" if number % 3 == 0 else f"m{number - 1}"
        files[f"models/m/m{number}.sql"] = f"select id, price from m.{read}\n"
    place = project(tmp_path, files)
    place.ok("build")
    warehouse = place.path("warehouse.duckdb")
    stood = warehouse.read_bytes(), warehouse.stat().st_mtime_ns
    place.replace("models/m/root.sql", "select id", "-- what we sell\nselect id")
    assert place.actions() == {}
    answer = place.ok("build")
    assert "0 models run" in answer.out + answer.err
    assert (warehouse.read_bytes(), warehouse.stat().st_mtime_ns) == stood


def test_a_file_replaced_by_an_older_one_of_the_same_size_is_new_data(tmp_path: Path) -> None:
    files = {
        "seeds/raw/items.csv": ITEMS,
        "models/m/total.sql": (
            "/* @model\nkind: table\n*/\nselect sum(price) as total from raw.items\n"
        ),
    }
    place = project(tmp_path, files)
    place.ok("build")
    assert place.actions() == {}
    seed = place.path("seeds/raw/items.csv")
    other = tmp_path / "other.csv"
    other.write_text(ITEMS.replace(",5", ",9"), "utf-8")
    os.utime(other, (1_000_000_000, 1_000_000_000))
    other.rename(seed)
    assert place.stale() == {"raw.items", "m.total"}
    place.ok("build")
    assert place.value("select total from m.total") == 22


def test_an_edited_module_behind_a_python_macro_builds_who_calls_it(tmp_path: Path) -> None:
    files = {
        "seeds/raw/items.csv": ITEMS,
        "macros/rates.py": "RATE = 2\n",
        "macros/prices.py": (
            "from macros.rates import RATE\nfrom xform import macro\n\n\n"
            "@macro\ndef dear(column):\n    return f'{column} * {RATE}'\n"
        ),
        "models/m/dear.sql": (
            "/* @model\nkind: table\n*/\nselect {{ dear('price') }} as dear from raw.items\n"
        ),
        "models/m/plain.sql": "/* @model\nkind: table\n*/\nselect price from raw.items\n",
    }
    place = project(tmp_path, files)
    answer = place.run("build")
    assert answer.code == 0, answer.err
    place.write("macros/rates.py", "RATE = 3\n")
    done = place.run("build")
    assert done.code == 0, done.err
    assert place.value("select max(dear) from m.dear") == 21


def test_an_edited_module_behind_a_python_model_builds_it(tmp_path: Path) -> None:
    files = {
        "seeds/raw/items.csv": ITEMS,
        "models/m/helper.py": "RATE = 2\n",
        "models/m/dear.py": (
            "from models.m.helper import RATE\nfrom xform import model\n\n\n"
            "@model(columns={'dear': 'bigint'})\n"
            "def dear(items):\n    return items.project(f'price * {RATE} as dear')\n"
        ),
    }
    place = project(tmp_path, files)
    answer = place.run("build")
    assert answer.code == 0, answer.err
    place.write("models/m/helper.py", "RATE = 3\n")
    assert place.stale() == {"m.dear"}
    assert place.run("build").code == 0
    assert place.value("select max(dear) from m.dear") == 21


READS_AND_CHANGES = """\
from pathlib import Path

from xform import model


@model(columns={"total": "bigint"})
def total(items):
    found = items.sum("price").fetchall()
    once = Path("once")
    if not once.exists():
        once.touch()
        file = Path("seeds/raw/items.csv")
        file.write_text(file.read_text().replace(",5", ",500"))
    return items.aggregate("sum(price) as total")
"""


def test_an_update_that_arrives_while_a_reader_runs_is_seen_once(tmp_path: Path) -> None:
    files = {"seeds/raw/items.csv": ITEMS, "models/m/total.py": READS_AND_CHANGES}
    place = project(tmp_path, files)
    assert place.run("build").code == 0
    assert place.stale() == {"raw.items", "m.total"}
    assert place.run("build").code == 0
    assert place.value("select total from m.total") == 513
    assert place.actions() == {}


def test_a_change_of_one_column_leaves_readers_of_others(tmp_path: Path) -> None:
    files = {
        "seeds/raw/items.csv": ITEMS,
        "models/m/items.sql": (
            "/* @model\nkind: table\n*/\nselect id, kind, price * 2 as price from raw.items\n"
        ),
        "models/m/kinds.sql": "/* @model\nkind: table\n*/\nselect kind from m.items\n",
        "models/m/prices.sql": "/* @model\nkind: table\n*/\nselect price from m.items\n",
    }
    place = project(tmp_path, files)
    place.ok("build")
    place.replace("models/m/items.sql", "price * 2", "price * 3")
    assert place.stale() == {"m.items", "m.prices"}
    spared = {
        "asset": "m.kinds", "upstream": "m.items", "reads": ["kind"], "changed": ["price"]
    }  # fmt: skip
    assert place.json("plan", "--explain")["spared"] == [spared]
    told = place.ok("plan", "--explain").out
    assert "= m.kinds  reads kind of m.items; changed: price" in told

"""`checksum`: how it is told that a model came out as before, and what is said of that."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Project, project
from test_json_forms import COMPARED, check

PARTS = "/* @model\nkind: table\n{}*/\nselect id, price / 7e0 as part from raw.items\n"
TOTAL = "/* @model\nkind: table\n*/\nselect round(sum(part), 2) as total from shop.seen\n"
SHOWN = "/* @model\nkind: table\n*/\nselect total from shop.total\n"
FILES = {
    "seeds/raw/items.csv": "id,price\n1,5\n2,6\n3,7\n",
    "models/shop/seen.sql": "select id, part from shop.parts\n",
    "models/shop/total.sql": TOTAL,
    "models/shop/shown.sql": SHOWN,
}
ROUNDED = "checksum: {float_digits: 6}\n"
SAID = "shop.parts is the same with floats rounded to 6 digits"


def parts(tmp_path: Path, setting: str) -> Project:
    made = project(tmp_path, {**FILES, "models/shop/parts.sql": PARTS.format(setting)})
    made.ok("build")
    return made


def set_to(shop: Project, old: str, new: str) -> None:
    shop.replace("models/shop/parts.sql", f"kind: table\n{old}", f"kind: table\n{new}")


def move(shop: Project, by: str) -> None:
    """Let the parts come out otherwise, by so much."""
    text = shop.read("models/shop/parts.sql").partition("select")[0]
    shop.write("models/shop/parts.sql", f"{text}select id, price / 7e0 + {by} as part from items\n")


def kept(shop: Project) -> set[str]:
    result = shop.json("build")
    assert result["status"] == "success"
    assert shop.actions() == {}
    return {node["asset"] for node in result["nodes"] if node["kept"]}


def test_floats_count_to_so_many_digits(tmp_path: Path) -> None:
    shop = parts(tmp_path, ROUNDED)
    move(shop, "1e-9")
    told = shop.ok("plan", "--explain").out
    assert "kept if shop.parts is the same with floats rounded to" in told
    answer = shop.ok("build")
    assert "kept" in answer.err
    assert SAID in answer.err
    move(shop, "1e-5")
    assert kept(shop) == {"shop.shown"}, "the total is rounded to two digits"
    move(shop, "1e-1")
    assert kept(shop) == set()


def test_without_it_all_digits_count(tmp_path: Path) -> None:
    shop = parts(tmp_path, "")
    move(shop, "1e-9")
    assert "kept if" not in shop.ok("plan", "--explain").out
    assert kept(shop) == {"shop.shown"}, "what comes out equal in all digits is the same"


def test_why_and_plan_and_runs_say_what_they_rest_on(tmp_path: Path) -> None:
    shop = parts(tmp_path, ROUNDED)
    assert "rounded" not in shop.ok("why", "total").out
    move(shop, "1e-9")
    assert kept(shop) == {"shop.total", "shop.shown"}
    assert f"kept         {SAID}" in shop.ok("why", "total").out
    assert f"{SAID}, for shop.total" in " ".join(shop.ok("why", "shown").out.split())
    assert "rounded" not in shop.ok("why", "parts").out
    for _ in ("made anew", "as it stands"):
        told = shop.ok("plan", "--explain").out
        assert f"kept since {SAID}" in " ".join(told.split())
    (item,) = shop.json("why", "total")["compared"]
    check(item, COMPARED)
    assert shop.json("plan")["compared"] == [item]
    assert SAID in shop.ok("runs", "show").out
    shop.replace("models/shop/parts.sql", " + 1e-9", "")
    shop.ok("build")
    assert "rounded" not in shop.ok("why", "total").out, "it was made of just these"


def test_a_chain_of_comparisons_is_said_as_one(tmp_path: Path) -> None:
    shop = parts(tmp_path, ROUNDED)
    for by in ("1e-9", "2e-9", "3e-9"):
        move(shop, by)
        assert kept(shop) == {"shop.total", "shop.shown"}
        (item,) = shop.json("why", "total")["compared"]
        assert item["how"] == {"sample": 1.0, "float_digits": 6}


def test_a_changed_setting_builds_nothing_and_is_compared_with_its_like(tmp_path: Path) -> None:
    shop = parts(tmp_path, "")
    set_to(shop, "", ROUNDED)
    assert shop.actions() == {}
    assert shop.json("build")["nodes"] == []
    move(shop, "1e-9")
    assert "kept if" not in shop.ok("plan", "--explain").out, (
        "what was built was to be compared otherwise"
    )
    assert kept(shop) == {"shop.shown"}
    move(shop, "2e-9")
    assert kept(shop) == {"shop.total", "shop.shown"}
    set_to(shop, ROUNDED, "checksum: {float_digits: 7}\n")
    assert shop.actions() == {}
    move(shop, "3e-9")
    assert kept(shop) == {"shop.shown"}
    set_to(shop, "checksum: {float_digits: 7}\n", "checksum: off\n")
    assert shop.actions() == {}
    move(shop, "4e-9")
    assert kept(shop) == {"shop.shown"}
    shop.replace("models/shop/parts.sql", "id, price", "id , 0 + price")
    assert kept(shop) == {"shop.shown"}, "nothing is compared where it is off"


def test_a_folder_may_say_it(tmp_path: Path) -> None:
    shop = parts(tmp_path, "")
    shop.write(
        "pyproject.toml",
        shop.read("pyproject.toml")
        + '[tool.xform.defaults."shop/**"]\nchecksum = {float_digits = 6}\n',
    )
    shop.ok("build", "--full-refresh")
    move(shop, "1e-9")
    assert kept(shop) == {"shop.total", "shop.shown"}


def test_a_wrong_setting_is_told_with_its_place(tmp_path: Path) -> None:
    shop = parts(tmp_path, "")
    set_to(shop, "", "checksum: {sample: 2}\n")
    answer = shop.call("build")
    assert answer.code == 2
    assert "models/shop/parts.sql:3" in answer.err
    assert "'sample' of 'checksum' must be more than 0 and at most 1, not 2" in answer.err


# Samples -----------------------------------------------------------------------------------------

NUMBERS = (
    "/* @model\nkind: table\nchecksum: {{sample: 0.01}}\n*/\n"
    "select i, case when i < {} then i + 1 else i end as x from range({}) as numbers(i)\n"
)
MANY = 1_000_000


@pytest.fixture
def large(tmp_path: Path) -> Project:
    made = project(
        tmp_path,
        {
            "models/shop/numbers.sql": NUMBERS.format(0, MANY),
            "models/shop/top.sql": "/* @model\nkind: table\n*/\nselect max(x) t from numbers\n",
        },
    )
    made.ok("build")
    return made


def test_a_sample_is_said_where_it_decides(large: Project) -> None:
    large.write("models/shop/numbers.sql", NUMBERS.format(1, MANY))
    answer = large.ok("build")
    said = "shop.numbers is the same by a sample of 1% of its rows"
    assert said in answer.err, "of one changed row it sees nothing"
    assert said in large.ok("why", "top").out
    large.write("models/shop/numbers.sql", NUMBERS.format(1 + MANY // 100, MANY))
    assert kept(large) == set()


def test_the_number_of_rows_always_counts(large: Project) -> None:
    large.write("models/shop/numbers.sql", NUMBERS.format(0, MANY + 1))
    assert kept(large) == set()
    assert large.value("select t from shop.top") == MANY


def test_a_small_table_is_never_sampled(large: Project) -> None:
    large.write("models/shop/numbers.sql", NUMBERS.format(0, 100))
    large.ok("build")
    large.write("models/shop/numbers.sql", NUMBERS.format(1, 100))
    assert kept(large) == set(), "the one changed row is seen"
    large.replace("models/shop/numbers.sql", "i + 1 else", "1 + i else")
    large.replace("models/shop/numbers.sql", "i < 1 ", "i <= 0 ")
    answer = large.ok("build")
    assert "kept" in answer.err
    assert "sample" not in answer.err

"""Two tables compared in DuckDB: what is counted is what Python counts, whatever they hold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xform.app.data import table_diffing
from xform.app.data.table_diffing import DiffOptions, Subject, TableComparer
from xform.app.workspace import UserError
from xform.base.names import AssetName
from xform.checks import diff_queries
from xform.checks.table_diff import ColumnDiff, TableDiff
from xform.engines.duckdb.engine import DuckDBEngine
from xform.run.failures import EngineError

ASSET = AssetName("m.t")


class Warehouse:
    """Two relations, `l` and `r`, in memory. `asked` are the queries since they were made."""

    def __init__(self, engine: DuckDBEngine, session: Any) -> None:
        self.engine = engine
        self.session = session
        self.asked: list[str] = []

    def make(self, left: str, right: str, kind: str = "table") -> None:
        for name, query in (("l", left), ("r", right)):
            for old in ("table", "view"):
                found = self.session.query(
                    f"select * from duckdb_{old}s() where {old}_name='{name}'"
                )
                if found.rows:
                    self.session.query(f"drop {old} {name}")
            self.session.query(f"create {kind} {name} as {query}")

    def query(self, sql: str, limit: int | None = None) -> Any:
        self.asked.append(sql)
        return self.session.query(sql, limit)

    def diff(
        self,
        key: Sequence[str] = (),
        private: Sequence[str] = (),
        candidates: Sequence[tuple[tuple[str, ...], str]] = (),
        **options: Any,
    ) -> TableDiff:
        self.asked.clear()
        subject = Subject(
            ASSET, ("l_1", "r_1"), ('"l"', '"r"'), candidates, lambda name: name in private
        )
        asked = DiffOptions(key=tuple(key), **options)
        return TableComparer(self.engine, self, asked).compare(subject)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    engine = DuckDBEngine(None)
    engine.open()
    with engine.session() as session:
        yield Warehouse(engine, session)
    engine.close()


def column(found: TableDiff, name: str) -> ColumnDiff:
    (one,) = [each for each in found.columns if each.name == name]
    return one


def counts(found: TableDiff) -> tuple[int, int, int, int]:
    """(equal, changed, added, removed)"""
    assert found.rows is not None
    rows = found.rows
    assert rows.left_compared == rows.equal + rows.changed + rows.removed
    assert rows.right_compared == rows.equal + rows.changed + rows.added
    return rows.equal, rows.changed, rows.added, rows.removed


# Against Python ----------------------------------------------------------------------------------

VALUES = {
    "integer": st.sampled_from([None, 0, 1, 2]),
    "varchar": st.sampled_from([None, "", "a", "A", "it's"]),
    "double": st.sampled_from([None, 0.5, -1.25, math.nan, math.inf]),
    "decimal(9,2)": st.sampled_from([None, 1.25, 7.0]),
    "date": st.sampled_from([None, "2024-01-31", "2024-02-29"]),
    "integer[]": st.sampled_from([None, "[]", "[1,NULL]"]),
}
TYPES = list(VALUES)


def literal(value: Any, kind: str) -> str:
    text = "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
    return f"cast({text} as {kind})"


def select(rows: Sequence[tuple[Any, ...]], kinds: Sequence[str]) -> str:
    """The rows as a query over columns a, b, c, …"""
    names = [f'"c {at}"' for at in range(len(kinds))]
    empty = ", ".join(
        f"cast(NULL as {kind}) as {name}" for kind, name in zip(kinds, names, strict=True)
    )
    parts = [f"select {empty} where false"]
    for row in rows:
        cells = zip(row, kinds, strict=True)
        parts.append("select " + ", ".join(literal(value, kind) for value, kind in cells))
    return " union all ".join(parts)


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[str], int, list[Any], list[Any]]:
    """(types, how many columns are the key, rows, rows after random edits)"""
    kinds = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=5))
    keys = draw(st.integers(0, min(2, len(kinds))))
    row = st.tuples(*(VALUES[kind] for kind in kinds))
    left = draw(st.lists(row, max_size=12))
    right = [list(each) for each in left]
    for _ in range(draw(st.integers(0, 5))):
        match draw(st.sampled_from(["add", "remove", "change", "copy"])):
            case "add":
                right.append(list(draw(row)))
            case "remove" if right:
                right.pop(draw(st.integers(0, len(right) - 1)))
            case "copy" if right:
                right.append(list(right[draw(st.integers(0, len(right) - 1))]))
            case "change" if right:
                at, place = (
                    draw(st.integers(0, len(right) - 1)),
                    draw(st.integers(0, len(kinds) - 1)),
                )
                right[at][place] = draw(VALUES[kinds[place]])
            case _:
                pass
    return kinds, keys, left, [tuple(each) for each in draw(st.permutations(right))]


def plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """NaN equals NaN."""
    return tuple("nan" if isinstance(v, float) and math.isnan(v) else v for v in row)


def expected(
    keys: int, left: Sequence[Any], right: Sequence[Any]
) -> tuple[tuple[int, int, int, int], list[int]]:
    """((equal, changed, added, removed), pairs that differ in each column behind the key)"""
    sides = [plain(row) for row in left], [plain(row) for row in right]
    width = len(sides[0][0]) if sides[0] else len(sides[1][0]) if sides[1] else 0
    often = [Counter(row[:keys] for row in side) for side in sides]
    repeated = {key for each in often for key, count in each.items() if count > 1}
    by_key = [{row[:keys]: row for row in side} for side in sides] if keys else [{}, {}]
    single = [{key: row for key, row in side.items() if key not in repeated} for side in by_key]
    whole = [Counter(row for row in side if not keys or row[:keys] in repeated) for side in sides]
    pairs = [(single[0][key], single[1][key]) for key in single[0] if key in single[1]]
    changed = sum(one != other for one, other in pairs)
    equal = len(pairs) - changed + (whole[0] & whole[1]).total()
    added = len(single[1]) - len(pairs) + (whole[1] - whole[0]).total()
    removed = len(single[0]) - len(pairs) + (whole[0] - whole[1]).total()
    differing = [
        sum(one[place] != other[place] for one, other in pairs) for place in range(keys, width)
    ]
    return (equal, changed, added, removed), differing


@given(edited())
def test_counts_are_those_that_python_counts(
    warehouse: Warehouse, made: tuple[list[str], int, list[Any], list[Any]]
) -> None:
    kinds, keys, left, right = made
    warehouse.make(select(left, kinds), select(right, kinds))
    found = warehouse.diff([f"c {at}" for at in range(keys)])
    wanted, differing = expected(keys, left, right)
    assert counts(found) == wanted
    assert found.differs == (wanted[1:] != (0, 0, 0))
    for at, kind in enumerate(kinds):
        one = column(found, f"c {at}")
        if at < keys:
            assert one.key
        elif keys and differing:
            assert one.differing == differing[at - keys]
        for side, nulls, distinct in (
            (left, one.left_nulls, one.left_distinct),
            (right, one.right_nulls, one.right_distinct),
        ):
            values = [plain(row)[at] for row in side]
            assert nulls == values.count(None), kind
            assert distinct == len({*values} - {None}), kind
    given_kinds = Counter(example.kind for example in found.examples)
    for each, count in (("changed", wanted[1]), ("added", wanted[2]), ("removed", wanted[3])):
        given = sum(number for name, number in given_kinds.items() if name == each)
        assert (given > 0) == (count > 0)
        assert given <= DiffOptions().rows


# Columns -----------------------------------------------------------------------------------------


def test_columns_added_removed_retyped_and_moved(warehouse: Warehouse) -> None:
    warehouse.make(
        "select 1 as id, 'x' as a, 2 as b, 3 as c, 4 as gone",
        "select 1 as id, 3::bigint as c, 'x' as a, 2 as b, 5 as fresh",
    )
    found = warehouse.diff(["id"])
    assert counts(found) == (1, 0, 0, 0)
    assert found.change == "changed"
    assert [each.name for each in found.columns] == ["id", "c", "a", "b", "fresh", "gone"]
    told = {each.name: each for each in found.columns if each.reshaped}
    assert (told["fresh"].left_type, told["fresh"].right_type) == (None, "INTEGER")
    assert (told["gone"].left_type, told["gone"].right_type) == ("INTEGER", None)
    assert (told["c"].moved, told["c"].retyped, told["c"].compared_as) == (True, True, "BIGINT")
    assert told.keys() == {"fresh", "gone", "c"}


@pytest.mark.parametrize(
    ("left", "right", "as_type", "differing"),
    [
        ("1::integer", "1::bigint", "BIGINT", 0),
        ("1::integer", "1.5::double", "DOUBLE", 1),
        ("1::decimal(9,2)", "1::double", "DOUBLE", 0),
        ("date '2024-01-31'", "timestamp '2024-01-31 00:00:00'", "TIMESTAMP", 0),
        ("'1'::varchar", "1::integer", "VARCHAR", 0),
        ("'1.0'::varchar", "1::integer", "VARCHAR", 1),
        # The engine would round the fraction away.
        ("1.5::decimal(38,10)", "2::decimal(38,0)", "VARCHAR", 1),
        # It finds a type for these, and no value goes into it.
        ("1::integer", "[1]", "VARCHAR", 1),
        ("1::integer", "{'a': 1}", "VARCHAR", 1),
        ("['1']", "[1]", "VARCHAR[]", 0),
        ("{'a': 1}", "{'a': '1'}", "STRUCT(a VARCHAR)", 0),
        ("'a'::enum('a', 'b')", "'a'::enum('a', 'c')", "VARCHAR", 0),
        ("null::integer", "null::varchar", "VARCHAR", 0),
        ("null::integer", "''::varchar", "VARCHAR", 1),
    ],
)
def test_other_types_are_compared_after_a_cast_that_loses_nothing(
    warehouse: Warehouse, left: str, right: str, as_type: str, differing: int
) -> None:
    warehouse.make(f"select 1 as id, {left} as v", f"select 1 as id, {right} as v")
    one = column(warehouse.diff(["id"]), "v")
    assert (one.retyped, one.compared_as, one.differing) == (True, as_type, differing)


def test_a_key_of_another_type_still_pairs(warehouse: Warehouse) -> None:
    warehouse.make("select 1 as id, 2 as v", "select '1' as id, 2 as v")
    assert counts(warehouse.diff(["id"])) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("left", "right", "differs"),
    [
        ("interval '1 month'", "interval '30 days'", True),
        ("interval '1 month'", "interval '1 month'", False),
        ("[interval '1 month']", "[interval '30 days']", True),
        ("blob '\\x00\\xFF'", "blob '\\x00\\xFE'", True),
        ("'nan'::double", "'nan'::double", False),
        ("'nan'::double", "null::double", True),
        ("{'a': null, 'b': [1, null]}", "{'a': null, 'b': [1, null]}", False),
        ("{'a': 1, 'b': [1, null]}", "{'a': 1, 'b': [1, 2]}", True),
        ("map {'k': 1}", "map {'k': 2}", True),
        ("0.10::decimal(9,2)", "0.11::decimal(9,2)", True),
        ("timestamptz '2024-01-01 00:00:00+00'", "timestamptz '2024-01-01 01:00:00+01'", False),
        ("'{}'::json", "'[]'::json", True),
        ("uuid '00000000-0000-0000-0000-000000000001'",
         "uuid '00000000-0000-0000-0000-000000000002'", True),
        ("''", "null", True),
        ("null", "null", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", [["id"], [], ["v"]])
def test_values_of_every_kind(
    warehouse: Warehouse, left: str, right: str, differs: bool, key: list[str]
) -> None:
    warehouse.make(f"select 1 as id, {left} as v", f"select 1 as id, {right} as v")
    found = warehouse.diff(key)
    changed = (0, 1, 0, 0) if key == ["id"] else (0, 0, 1, 1)
    assert counts(found) == (changed if differs else (1, 0, 0, 0))


def test_floats_are_rounded_where_that_is_asked_for(warehouse: Warehouse) -> None:
    warehouse.make("select 1 as id, 0.1::double + 0.2 as v", "select 1 as id, 0.3::double as v")
    assert counts(warehouse.diff(["id"])) == (0, 1, 0, 0)
    assert counts(warehouse.diff(["id"], float_digits=6)) == (1, 0, 0, 0)
    assert counts(warehouse.diff(float_digits=6)) == (1, 0, 0, 0)


def test_names_that_need_quotes(warehouse: Warehouse) -> None:
    names = ['"the ""id"""', '"select"', '"k0"', '"_p"', '"Größe"', '"a.b"', '"x"']
    left = ", ".join(f"{at} as {name}" for at, name in enumerate(names))
    warehouse.make(f"select {left}", f"select {left.replace('6 as', '7 as')}")
    found = warehouse.diff(['the "id"', "K0"])
    assert counts(found) == (0, 1, 0, 0)
    (example,) = found.examples
    assert [(cell.column, cell.left, cell.right) for cell in example.cells] == [("x", "6", "7")]


def test_names_are_the_same_in_any_case(warehouse: Warehouse) -> None:
    warehouse.make("select 1 as ID, 2 as Value", "select 1 as id, 2 as value")
    found = warehouse.diff(["Id"])
    assert not found.differs
    assert [each.name for each in found.columns] == ["id", "value"]


@pytest.mark.parametrize("width", [diff_queries.SLICE, diff_queries.SLICE + 1])
def test_a_row_that_differs_in_columns_of_several_slices_is_counted_once(
    warehouse: Warehouse, width: int
) -> None:
    left = ", ".join(f"id as c{at}" for at in range(width))
    right = left.replace("id as c0,", "id + (id = 1)::int as c0,").replace(
        f"id as c{width - 1}", f"id + (id in (1, 2))::int as c{width - 1}"
    )
    rows = "from range(5) t(id)"
    warehouse.make(f"select id, {left} {rows}", f"select id, {right} {rows}")
    found = warehouse.diff(["id"])
    assert counts(found) == (3, 2, 0, 0)
    assert (column(found, "c0").differing, column(found, f"c{width - 1}").differing) == (1, 2)


@pytest.mark.deep
@pytest.mark.parametrize("key", [["id"], []])
def test_two_thousand_columns(warehouse: Warehouse, key: list[str]) -> None:
    cells = ", ".join(f"id + {at} as c{at}" for at in range(2000))
    rows = "from range(100) t(id)"
    warehouse.make(
        f"select id, {cells} {rows}",
        f"select * replace (case when id = 7 then -1 else c1234 end as c1234) "
        f"from (select id, {cells} {rows})",
    )
    found = warehouse.diff(key)
    assert counts(found) == ((99, 1, 0, 0) if key else (99, 0, 1, 1))
    if key:
        assert [each.name for each in found.columns if each.differing] == ["c1234"]


# Rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [["id"], []])
def test_empty_tables(warehouse: Warehouse, key: list[str]) -> None:
    empty, one = "select 1 as id, 'x' as v where false", "select 1 as id, 'x' as v"
    warehouse.make(empty, empty)
    assert not warehouse.diff(key).differs
    warehouse.make(empty, one)
    assert counts(warehouse.diff(key)) == (0, 0, 1, 0)
    warehouse.make(one, empty)
    assert counts(warehouse.diff(key)) == (0, 0, 0, 1)


def test_tables_without_a_column_in_common(warehouse: Warehouse) -> None:
    warehouse.make("select 1 as a", "select 1 as b from range(2)")
    found = warehouse.diff()
    assert counts(found) == (0, 0, 2, 1)
    assert found.examples == ()


def test_only_the_key_in_common(warehouse: Warehouse) -> None:
    warehouse.make("select 1 as id, 1 as a", "select 1 as id, 1 as b")
    assert counts(warehouse.diff(["id"])) == (1, 0, 0, 0)


@pytest.mark.parametrize("key", [["id"], []])
def test_views(warehouse: Warehouse, key: list[str]) -> None:
    warehouse.make("select 1 as id, 2 as v", "select 1 as id, 3 as v", kind="view")
    assert counts(warehouse.diff(key))[0] == 0


def test_rows_with_repeated_keys_are_compared_as_a_whole(warehouse: Warehouse) -> None:
    left = "select * from (values (1, 'a'), (1, 'a'), (1, 'b'), (2, 'c'), (3, 'd')) t(id, v)"
    right = "select * from (values (1, 'a'), (1, 'x'), (2, 'y'), (3, 'd'), (3, 'd')) t(id, v)"
    warehouse.make(left, right)
    found = warehouse.diff(["id"])
    # Of 1: one 'a' is left, 'a' and 'b' are gone, 'x' is new. 2 has changed. 3 came once more.
    assert counts(found) == (2, 1, 2, 2)
    assert found.key is not None
    assert (found.key.left.keys, found.key.left.rows) == (1, 3)
    assert (found.key.right.keys, found.key.right.rows) == (2, 4)
    assert not found.key.unique
    assert not found.key.lost
    assert Counter(each.kind for each in found.examples) == {"changed": 1, "added": 2, "removed": 2}


def test_a_key_of_few_values_does_not_multiply_rows(warehouse: Warehouse) -> None:
    """Joined by it, these would be a hundred million pairs."""
    warehouse.make(
        "select i % 2 as k, i as v from range(20_000) t(i)",
        "select i % 2 as k, i as v from range(1, 20_001) t(i)",
    )
    assert counts(warehouse.diff(["k"])) == (19_999, 0, 1, 1)


def test_null_in_a_key_equals_null(warehouse: Warehouse) -> None:
    warehouse.make("select null::int as id, 1 as v", "select null::int as id, 2 as v")
    found = warehouse.diff(["id"])
    assert counts(found) == (0, 1, 0, 0)
    assert found.key is not None
    assert (found.key.left.nulls, found.key.right.nulls) == (1, 1)


def test_the_first_key_that_both_sides_have_is_taken(warehouse: Warehouse) -> None:
    warehouse.make("select 1 as id, 1 as a", "select 1 as id, 1 as b")
    found = warehouse.diff(candidates=[(("a",), "grain"), (("id",), "unique")])
    assert found.key is not None
    assert (found.key.columns, found.key.source) == (("id",), "unique")


def test_a_key_that_is_not_there(warehouse: Warehouse) -> None:
    warehouse.make("select 1 as id, 1 as a", "select 1 as id, 1 as b")
    with pytest.raises(UserError, match="has no column 'a' on both sides"):
        warehouse.diff(["a"])


def test_a_side_that_cannot_be_read(warehouse: Warehouse) -> None:
    warehouse.session.query("create table base as select 1 as x")
    warehouse.make("select x from base", "select x from base", kind="view")
    warehouse.session.query("drop table base")
    with pytest.raises(EngineError, match="base"):
        warehouse.diff()


# Samples -----------------------------------------------------------------------------------------

ROWS = "select i as id, i % 7 as a, i as b from range(20_000) t(i)"


@pytest.mark.parametrize("key", [["id"], []])
def test_a_sample_has_the_same_keys_on_both_sides(warehouse: Warehouse, key: list[str]) -> None:
    other = ROWS.replace("i % 7", "i % 7 + (i % 10 = 0)::int")
    warehouse.make(ROWS, f"{other} where i % 10 <> 5")
    found = warehouse.diff(key, sample=0.1)
    equal, changed, added, removed = counts(found)
    assert found.sample == 0.1
    assert found.rows is not None
    assert (found.rows.left, found.rows.right) == (20_000, 18_000)
    # 80 % are equal, 10 % are changed and 10 % removed; of 2,000 rows, within six deviations.
    assert abs(equal - 1600) < 260
    if key:
        assert (abs(changed - 200) < 90, added, abs(removed - 200) < 90) == (True, 0, True)
    else:
        assert (changed, abs(added - 200) < 90, abs(removed - 400) < 120) == (0, True, True)


def test_a_sample_finds_what_is_the_same_the_same(warehouse: Warehouse) -> None:
    warehouse.make(ROWS, f"{ROWS} order by hash(i)")
    assert not warehouse.diff(["id"], sample=0.05).differs
    assert not warehouse.diff(sample=0.05).differs


def test_large_tables_are_sampled_unless_all_is_asked_for(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_diffing, "MOST_ROWS", 10_000)
    warehouse.make(ROWS, ROWS)
    assert warehouse.diff(["id"]).sample == 0.05
    assert warehouse.diff(["id"], sample=1.0).sample is None
    monkeypatch.setattr(table_diffing, "MOST_ROWS", 20_000)
    assert warehouse.diff(["id"]).sample is None
    monkeypatch.setattr(table_diffing, "MOST_CELLS", 30_000)
    assert warehouse.diff(["id"]).sample == 0.05


def test_many_distinct_values_are_estimated(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_diffing, "EXACT_CELLS", 1000)
    warehouse.make(ROWS, ROWS)
    for key in (["id"], []):
        found = warehouse.diff(key)
        assert not found.distinct_exact
        one = column(found, "b")
        assert one.left_distinct == one.right_distinct
        assert one.left_distinct is not None
        assert abs(one.left_distinct - 20_000) < 4000


# Queries and examples ----------------------------------------------------------------------------


def test_the_sides_are_joined_once(warehouse: Warehouse) -> None:
    """Sizes, keys, and all columns by one join; examples only of what differs."""
    warehouse.make(ROWS, ROWS)
    warehouse.diff(["id"])
    assert len(warehouse.asked) == 3
    warehouse.diff()
    assert len(warehouse.asked) == 2
    warehouse.make(ROWS, ROWS.replace("i % 7", "i % 8"))
    warehouse.diff(["id"])
    assert len(warehouse.asked) == 4
    warehouse.diff(["id"], rows=0)
    assert len(warehouse.asked) == 3


def test_examples_are_the_first_by_key(warehouse: Warehouse) -> None:
    warehouse.make(f"{ROWS} where i > 4", ROWS.replace("i % 7", "-i") + " where i < 19_995")
    found = warehouse.diff(["id"], rows=2)
    told = [(each.kind, each.key[0].left, each.key[0].right) for each in found.examples]
    assert told == [
        ("changed", "5", "5"), ("changed", "6", "6"),
        ("added", None, "0"), ("added", None, "1"),
        ("removed", "19995", None), ("removed", "19996", None),
    ]  # fmt: skip


def test_private_columns_are_in_no_example(warehouse: Warehouse) -> None:
    warehouse.make(
        "select 'ann@x' as mail, 1 as id, 'secret-1' as name, 1 as v "
        "union all select 'cid@x', 3, 'secret-3', 3",
        "select 'ann@x' as mail, 1 as id, 'secret-2' as name, 2 as v "
        "union all select 'dan@x', 4, 'secret-4', 4",
    )
    for key in (["id"], ["mail", "id"], []):
        found = warehouse.diff(key, private=["mail", "name"])
        assert found.private == ("mail", "name")
        assert found.examples
        text = repr(found.examples)
        assert "secret" not in text
        assert "@" not in text
    assert column(warehouse.diff(["id"], private=["name"]), "name").differing == 1


def test_a_long_value_is_cut_around_what_differs(warehouse: Warehouse) -> None:
    warehouse.make(
        "select 1 as id, repeat('a', 5000) || 'left' || repeat('b', 5000) as v",
        "select 1 as id, repeat('a', 5000) || 'right' || repeat('b', 5000) as v",
    )
    (example,) = warehouse.diff(["id"]).examples
    (cell,) = example.cells
    assert cell.left is not None
    assert cell.right is not None
    assert "aaleftbb" in cell.left
    assert "aarightbb" in cell.right
    assert max(len(cell.left), len(cell.right)) < 200


def test_rows_alike_are_one_example(warehouse: Warehouse) -> None:
    warehouse.make("select 'x' as v from range(5)", "select 'x' as v from range(2)")
    (example,) = warehouse.diff().examples
    assert (example.kind, example.copies) == ("removed", 3)

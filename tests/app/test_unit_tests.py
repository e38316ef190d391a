"""Unit tests of models, run over DuckDB: what they give, what they expect, how they come out."""

from __future__ import annotations

from pathlib import Path

import pytest
from compile_steps import PROFILES

from xform.app.unit_tests.running import UnitResult, UnitTester
from xform.app.workspace import Options, Workspace

FILES = {
    "pyproject.toml": '[tool.xform]\nname = "demo"\nprofile = "demo"\nvars = {times = 1}\n',
    "profiles.yml": PROFILES,
    "seeds/raw/orders.csv": "id,placed_at,customer,amount\n1,2024-01-01 09:00:00,ann,10\n",
    "seeds/raw/people.csv": "name,town\nann,Oslo\n",
    "macros/money.sql": "{% macro rate() %}2{% endmacro %}\n"
    "{% macro priced(x) %}({{ x }} * {{ rate() }}){% endmacro %}\n",
    "models/m/lines.sql": "/* @model\nkind: ephemeral\n*/\n"
    "select *, amount * 2 as doubled from raw.orders\n",
    "models/m/totals.sql": "select l.customer, p.town, sum(l.doubled) as total, count(*) as n\n"
    "from lines as l left join raw.people as p on p.name = l.customer group by all\n",
    "models/m/priced.sql": "select id, {{ priced('amount') }} * {{ var('times') }} as price\n"
    "from raw.orders order by id desc\n",
    "models/m/ages.sql": "select id, current_date - cast(placed_at as date) as days,\n"
    "now() as now, 'now()' as said /* today() */ from raw.orders\n",
    "models/m/latest.sql": "/* @model\nkind: incremental\nunique_key: id\n*/\n"
    "select id, amount, placed_at from {{ ref('orders') }}\n{% if is_incremental() %}\n"
    "where placed_at > (select max(placed_at) from {{ this }})\n{% endif %}\n",
    "models/m/daily.sql": "/* @model\nkind: incremental\ntime_column: day\nstart: 2024-01-01\n*/\n"
    "select cast(placed_at as date) as day, sum(amount) as total from raw.orders group by all\n",
    "models/m/bounded.sql": "/* @model\nkind: incremental\ntime_column: day\nstart: 2024-01-01\n"
    "*/\nselect cast(placed_at as date) as day, count(*) as n from raw.orders\n"
    "where placed_at >= @start and placed_at < @end group by all\n",
    "models/m/portable.sql": "/* @model\ndialect: snowflake\n*/\n"
    "select iff(amount > 5, 'big', 'small') as size, id from raw.orders\n"
    "qualify row_number() over (partition by size order by id) = 1\n",
    "models/m/thirds.sql": "select id, amount / 3.0::double as third from raw.orders\n",
    "models/m/shapes.sql": "select id, [amount, null] as pair,\n"
    "{'a': amount, 'b': customer} as both,\n"
    "cast(amount as decimal(9, 2)) as exact from raw.orders\n",
    "models/m/named.py": "from xform import model\n\n\n"
    "@model(columns={'customer': 'varchar', 'n': 'bigint'})\n"
    "def named(lines):\n    print('talking')\n"
    "    return lines.aggregate('customer, count(*) as n', 'customer')\n",
}


class Shop:
    """The project in a folder, with unit tests to run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in FILES.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def tests(self, *texts: str) -> None:
        """The unit tests of the project, each without its name and its indentation."""
        items = []
        for number, item in enumerate(texts):
            first, *rest = f"name: t{number}\n{item.strip()}".splitlines()
            items.append("\n".join([f"  - {first}", *(f"    {line}" for line in rest)]))
        self.write("tests/unit/all.yml", "unit_tests:\n" + "\n".join(items) + "\n")

    def run(self, *, on_engine: bool = False) -> list[UnitResult]:
        workspace = Workspace(Options(self.root), {})
        compilation = workspace.compile()
        assert not compilation.failed, "\n".join(map(str, compilation.diagnostics))
        with UnitTester(workspace, compilation, on_engine=on_engine) as tester:
            return list(tester.run(compilation.unit_tests))

    def found(self) -> list[str]:
        """What compiling says, as one line each."""
        said = Workspace(Options(self.root), {}).compile().diagnostics
        return [f"{item.span.line}:{item.span.column} {item.code} {item.message}" for item in said]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def passed(results: list[UnitResult]) -> None:
    assert [(r.name, r.message) for r in results if r.status != "pass"] == []


PASSING = {
    "rows in the place of a table, through an ephemeral model": """
model: totals
given:
  - input: ref('orders')
    rows: [{customer: ann, amount: 3}, {customer: ann, amount: 4}, {customer: bob, amount: 1}]
  - input: source('raw', 'people')
    rows: [{name: ann, town: Rome}]
expect:
  rows:
    - {customer: bob, town: null, total: 2, n: 1}
    - {customer: ann, town: Rome, total: 14, n: 2}""",
    "rows in the place of an ephemeral model": """
model: m.totals
given: {lines: [{customer: ann, doubled: 5}]}
expect: [{customer: ann, total: 5}]""",
    "nothing given is empty": """
model: totals
expect: {rows: []}""",
    "only the columns that are named are compared": """
model: totals
given: {orders: [{customer: ann, amount: 3}]}
expect: [{total: 6}]""",
    "a row that does not name a column has NULL there": """
model: totals
given: {orders: [{customer: ann, amount: 3}, {amount: 1}]}
expect: [{customer: ann, total: 6}, {total: 2}]""",
    "csv": """
model: totals
given:
  orders:
    format: csv
    rows: |
      customer, amount
      "ann, or so", 3

      bob,
expect:
  format: csv
  rows: |
    customer,total
    bob,
    "ann, or so",6""",
    "sql": """
model: totals
given:
  orders: {format: sql, rows: "select 'ann' as customer, range as amount from range(1 + 2)"}
expect: {format: sql, rows: "select 'ann' as customer, 6 as total, 3 as n"}""",
    "the order counts where it is said to": """
model: priced
given: {orders: [{id: 1, amount: 1}, {id: 2, amount: 1}]}
expect: {ordered: true, rows: [{id: 2}, {id: 1}]}""",
    "variables": """
model: priced
vars: {times: 10}
given: {orders: [{id: 1, amount: 1}]}
expect: [{id: 1, price: 20}]""",
    "macros, also where another macro calls them": """
model: priced
overrides: {macros: {rate: 7}}
given: {orders: [{id: 1, amount: 1}]}
expect: [{id: 1, price: 7}]""",
    "the clock": """
model: ages
time: 2024-03-01 12:00:00
given: {orders: [{id: 1, placed_at: 2024-02-28 23:00:00}]}
expect: [{id: 1, days: 2, now: "2024-03-01 12:00:00+00", said: now()}]""",
    "a model by key, the whole": """
model: latest
given: {orders: [{id: 1, amount: 1, placed_at: 2024-01-01}]}
expect: [{id: 1}]""",
    "a model by key, carried on": """
model: latest
is_incremental: true
given:
  this: [{id: 1, amount: 1, placed_at: 2024-01-01}]
  orders: [{id: 1, placed_at: 2024-01-01}, {id: 2, placed_at: 2024-01-02}]
expect: [{id: 2}]""",
    "a model by key, carried on, as dbt writes it": """
model: latest
overrides: {macros: {is_incremental: true}}
given:
  - input: this
    rows: [{placed_at: 2024-01-01}]
  - input: ref('orders')
    rows: [{id: 1, placed_at: 2024-01-01}, {id: 2, placed_at: 2024-01-02}]
expect: {rows: [{id: 2}]}""",
    "a model by time, as a whole": """
model: daily
given: {orders: [{placed_at: 2024-01-01, amount: 1}, {placed_at: 2024-01-02, amount: 2}]}
expect: [{day: 2024-01-01, total: 1}, {day: 2024-01-02, total: 2}]""",
    "a model by time, some intervals": """
model: daily
start: 2024-01-02
end: 2024-01-03
given: {orders: [{placed_at: 2024-01-01, amount: 1}, {placed_at: 2024-01-02, amount: 2}]}
expect: [{day: 2024-01-02, total: 2}]""",
    "a model that reads its bounds": """
model: bounded
start: 2024-01-02
end: 2024-01-03
given: {orders: [{placed_at: 2024-01-01}, {placed_at: 2024-01-02}]}
expect: [{day: 2024-01-02, n: 1}]""",
    "another dialect": """
model: portable
given: {orders: [{id: 1, amount: 9}, {id: 2, amount: 8}, {id: 3, amount: 1}]}
expect: [{size: big, id: 1}, {size: small, id: 3}]""",
    "floating point": """
model: thirds
given: {orders: [{id: 1, amount: 1}]}
expect: [{id: 1, third: 0.33333333333333}]""",
    "a tolerance": """
model: thirds
tolerance: 0.01
given: {orders: [{id: 1, amount: 1}]}
expect: [{id: 1, third: 0.33}]""",
    "lists, structs and decimals": """
model: shapes
given: {orders: [{id: 1, amount: 2, customer: it's}]}
expect: [{id: 1, pair: [2, null], both: {a: 2, b: it's}, exact: 2}]""",
    "a Python model": """
model: named
given: {orders: [{customer: ann}, {customer: ann}]}
expect: [{customer: ann, n: 2}]""",
    "a Python model over an ephemeral one that is given": """
model: named
given: {lines: [{customer: bob}]}
expect: [{n: 1, customer: bob}]""",
}


@pytest.mark.parametrize("case", PASSING)
def test_what_is_expected_comes_out(case: str, shop: Shop) -> None:
    shop.tests(PASSING[case])
    passed(shop.run())


@pytest.mark.parametrize("case", PASSING)
def test_what_is_not_expected_is_told(case: str, shop: Shop) -> None:
    """The same with one row more: a test that cannot fail tests nothing."""
    if "rows: []" in PASSING[case]:
        pytest.skip("it expects nothing")
    column = next(name for name in ("id", "customer", "total", "day") if name in PASSING[case])
    value = "2023-01-01" if column == "day" else "7777"
    kept = PASSING[case].partition("expect:")[0]
    shop.tests(kept + f"expect: [{{{column}: {value}}}, {{{column}: {value}}}]")
    (result,) = shop.run()
    assert result.status == "fail", result.message
    assert result.difference is not None


def test_the_cells_that_differ(shop: Shop) -> None:
    shop.tests("""
model: totals
given: {orders: [{customer: ann, amount: 3}, {customer: bob, amount: 4}, {customer: cy, amount: 5}]}
expect:
  - {customer: ann, total: 7, n: 1}
  - {customer: bob, total: 8, n: 1}
  - {customer: dee, total: 0, n: 0}""")
    (result,) = shop.run()
    assert result.message.endswith(
        "1 row differs, 1 row is missing, 1 row too many (of 3 expected)"
    )
    assert result.difference is not None
    told = [(c.expected, c.actual, c.differ) for c in result.difference.changes]
    assert told == [
        (("ann", "7", "1"), ("ann", "6", "1"), (1,)),
        (("dee", "0", "0"), None, ()),
        (None, ("cy", "10", "1"), ()),
    ]


def test_another_order_is_told_as_such(shop: Shop) -> None:
    shop.tests("""
model: priced
given: {orders: [{id: 1, amount: 1}, {id: 2, amount: 1}]}
expect: {ordered: true, rows: [{id: 1}, {id: 2}]}""")
    (result,) = shop.run()
    assert result.message.endswith("the rows are in another order")


def test_fixtures(shop: Shop) -> None:
    shop.write("tests/fixtures/deep/two.csv", "customer,amount\nann,1\nann,2\n")
    shop.write("tests/fixtures/sums.sql", "select 'ann' as customer, 6 as total")
    shop.tests(
        """
model: totals
given: {orders: {fixture: two}}
expect: {fixture: sums, format: sql}""",
        """
model: totals
given:
  - {input: ref('orders'), format: csv, fixture: deep/two.csv}
expect: {fixture: sums.sql}""",
    )
    passed(shop.run())


def test_python_tests(shop: Shop) -> None:
    shop.write("tests/unit/help.py", "def rows(n):\n    return [{'id': i} for i in range(n)]\n")
    shop.write(
        "tests/unit/in_python.py",
        "import datetime\nfrom decimal import Decimal\n"
        "from tests.unit.help import rows\nfrom xform import unit_test\n\n"
        "@unit_test(model='priced', vars={'times': 3})\n"
        "def tripled():\n    given = [{'id': 1, 'amount': 2}]\n"
        "    return {'given': {'orders': given}, 'expect': [{'id': 1, 'price': Decimal(12)}]}\n\n"
        "@unit_test(model='ages', time='2024-01-03', given={'orders': [{'id': 0}]})\n"
        "def nothing_is_known():\n    return rows(1)\n\n"
        "@unit_test(model='daily')\n"
        "def days():\n    day = datetime.date(2024, 1, 1)\n"
        "    return {'given': {'orders': [{'placed_at': day, 'amount': 1}]},\n"
        "            'expect': [{'day': day}]}\n",
    )
    passed(shop.run())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    return 7\n", "unit test 'odd' returned int"),
        ("    return {'given': {}}\n", "unit test 'odd' returned no 'expect'"),
        ("    return 1 // 0\n", "unit test 'odd' raised ZeroDivisionError"),
        ("    return [{'nothing': 1}]\n", "'m.priced' has no column 'nothing'"),
    ],
)
def test_python_tests_that_are_wrong(body: str, said: str, shop: Shop) -> None:
    head = "from xform import unit_test\n\n@unit_test(model='priced')\ndef odd():\n"
    shop.write("tests/unit/odd.py", head + body)
    (result,) = shop.run()
    assert result.status == "error"
    assert said in result.message
    assert result.diagnostics[0].span.path == "tests/unit/odd.py"


def test_python_tests_are_not_imported_to_compile(shop: Shop) -> None:
    shop.write(
        "tests/unit/loud.py",
        "from xform import unit_test\nraise SystemExit(3)\n\n"
        "@unit_test(model='priced')\ndef quiet():\n    return []\n",
    )
    assert shop.found() == []


def test_what_has_passed_is_not_run_again(shop: Shop) -> None:
    shop.tests(PASSING["floating point"], PASSING["the clock"])
    passed(shop.run())
    assert [result.again for result in shop.run()] == [True, False]  # the clock never stands still
    shop.tests(PASSING["floating point"].replace("0.33333333333333", "0.3333333333333"))
    (result,) = shop.run()
    assert not result.again
    assert [item.again for item in shop.run()] == [True]
    shop.write("models/m/thirds.sql", "select id, amount / 4.0::double as third from raw.orders\n")
    (result,) = shop.run()
    assert (result.again, result.status) == (False, "fail")
    assert [item.again for item in shop.run()] == [False]


def test_a_change_of_a_python_model_runs_its_tests(shop: Shop) -> None:
    shop.tests(PASSING["a Python model"])
    passed(shop.run())
    assert [result.again for result in shop.run()] == [True]
    shop.write("models/m/named.py", FILES["models/m/named.py"].replace("count(*)", "7"))
    assert [result.status for result in shop.run()] == ["fail"]


def test_on_the_engine_of_the_warehouse(shop: Shop) -> None:
    cases = (PASSING["csv"], PASSING["macros, also where another macro calls them"])
    shop.tests(*cases)
    passed(shop.run(on_engine=True))
    assert [result.again for result in shop.run(on_engine=True)] == [False, False]
    assert not (shop.root / "warehouse.duckdb").exists()


def test_nothing_outside_is_reached(shop: Shop) -> None:
    shop.write("models/m/reader.sql", "select a from read_csv('secret.csv', columns={'a': 'int'})")
    shop.write("secret.csv", "a\n1\n")
    shop.tests("model: reader\nexpect: [{a: 1}]")
    (result,) = shop.run()
    assert result.status == "error"
    assert "disabled by configuration" in result.message


WRONG = {
    "model: total\nexpect: []": "3:12 XF0851 unit test 't0' is of no model there is: 'total'",
    "model: raw.orders\nexpect: []": "3:12 XF0851 unit test 't0' is of 'raw.orders', which is a "
    "seed",
    "model: totals\ngiven: {priced: []}\nexpect: []": "4:13 XF0852 unit test 't0': 'm.totals' does "
    "not read 'priced'",
    "model: totals\ngiven: {orders: [{ammount: 1}]}\nexpect: []": "4:32 XF0853 unit test 't0': "
    "'raw.orders' has no column 'ammount'",
    "model: totals\nexpect: [{totals: 1}]": "4:23 XF0853 unit test 't0': 'm.totals' has no column "
    "'totals'",
    "model: totals\ngiven: {orders: [{amount: 1.5}]}\nexpect: []": "4:31 XF0854 unit test 't0': "
    "1.5 is no bigint, the type of 'amount'",
    'model: totals\ngiven: {orders: {format: csv, rows: "a"}}\nexpect: []': "5:1 XF0853 unit "
    "test 't0': 'raw.orders' has no column 'a'",
    "model: totals\nis_incremental: true\nexpect: []": "2:11 XF0862 unit test 't0': 'm.totals' has "
    "no incremental form",
    "model: totals\nstart: 2024-01-01\nend: 2024-01-02\nexpect: []": "2:11 XF0862 unit test 't0': "
    "'m.totals' is not computed by intervals",
    "model: daily\nstart: 2024-01-01\nexpect: []": "2:11 XF0862 unit test 't0': only one bound is "
    "given",
    "model: totals\ngiven: {orders: {fixture: none}}\nexpect: []": "4:31 XF0857 unit test 't0': "
    "there is no fixture 'none'",
    "model: totals\nexpect: {format: sql, rows: select from}": "4:33 XF0858 unit test 't0': the "
    "SQL of the expectation",
    "model: totals": "2:5 XF0109 unit test 't0' has no 'expect'",
    "model: totals\nexpects: []\nexpect: []": "4:5 XF0104 unknown setting 'expects' of unit test "
    "'t0'",
    "model: totals\ngiven: {orders: a}\nexpect: []": "4:21 XF0105 the rows of input 'orders' of "
    "unit test 't0' must be a list, not text",
    "model: totals\nexpect: {rows: 'a,b'}": "4:20 XF0109 'rows' of 'expect' of unit test 't0' is "
    "text, and its format is not said",
}


@pytest.mark.parametrize("test", WRONG)
def test_mistakes_are_told_when_compiling(test: str, shop: Shop) -> None:
    shop.tests(test)
    found = shop.found()
    assert [item[: len(WRONG[test])] for item in found] == [WRONG[test]]


def test_a_model_that_is_edited_has_its_tests_looked_at_again(shop: Shop) -> None:
    shop.tests(PASSING["floating point"])
    assert shop.found() == []
    shop.write("models/m/thirds.sql", "select id, amount / 3.0 as part from raw.orders\n")
    assert [item.split()[1] for item in shop.found()] == ["XF0853"]
    shop.write("models/m/thirds.sql", FILES["models/m/thirds.sql"])
    assert shop.found() == []

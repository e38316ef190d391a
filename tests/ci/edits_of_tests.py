"""Edits of the shop's tests and of what its seeds hold, as in `edits.py`."""

from __future__ import annotations

from edits import EDITS, NO_NEGATIVE, PEOPLE, PYTHON_UNITS, UNITS, Edit

_CUSTOMERS = "seeds/raw/customers.csv"
_ROW = next(edit for edit in EDITS if edit.name == "a row of a seed")


def of_customers(name: str, text: tuple[str, str] | str, told: str) -> Edit:
    """Whatever changes in a seed's data, the same read it: which columns are read does not count,
    since new data of a seed are new data of all of it."""
    expected = {**_ROW.expected, "raw.customers": f"values data own: {told}"}
    return Edit(name, {_CUSTOMERS: text}, expected, _ROW.runs, _ROW.exposures)


OF_TESTS = [
    Edit(
        "a unit test is added",
        {
            UNITS: (
                "  - name: many_regions\n",
                (
                    "  - {name: nothing, model: daily, given: [], expect: {rows: []}}\n"
                    "  - name: many_regions\n"
                ),
            )
        },
        {"marts.daily": "none tests own: unit test nothing added"},
    ),
    Edit(
        "unit tests are removed",
        {UNITS: None},
        {
            "marts.daily": "none tests own: unit test totals removed",
            "marts.regions": "none tests own: unit test many_regions removed",
        },
    ),
    Edit(
        "what a unit test expects",
        {UNITS: ("orders: 2}", "orders: 3}")},
        {"marts.daily": "none tests own: unit test totals changed"},
    ),
    Edit(
        "a unit test is given other rows",
        {UNITS: ("euros: 2}", "euros: 4}")},
        {"marts.daily": "none tests own: unit test totals changed"},
    ),
    Edit(
        "the time of a unit test",
        {UNITS: ("    model: daily\n", "    model: daily\n    time: 2026-01-01\n")},
        {"marts.daily": "none tests own: unit test totals changed"},
    ),
    Edit(
        "a unit test is renamed",
        {UNITS: ("name: totals", "name: sums")},
        {"marts.daily": "none tests own: unit test sums renamed"},
    ),
    Edit(
        "a unit test is written otherwise",
        {
            UNITS: (
                (
                    "    given:\n"
                    "      - input: ref('orders')\n"
                    "        rows:\n"
                    "          - {ordered_at: 2026-01-01, euros: 2}\n"
                    "          - {ordered_at: 2026-01-01, euros: 3}\n"
                ),
                (
                    "    # as CSV, with the columns the other way round\n"
                    "    given:\n"
                    "      marts.orders:\n"
                    "        format: csv\n"
                    "        rows: |\n"
                    "          euros,ordered_at\n"
                    "          2,2026-01-01\n"
                    "          3,2026-01-01\n"
                ),
            )
        },
    ),
    Edit(
        "columns that are expected the other way round",
        {
            UNITS: (
                "{ordered_at: 2026-01-01, orders: 2}",
                "{orders: 2, ordered_at: 2026-01-01}",
            )
        },
    ),
    Edit(
        "a fixture of a unit test",
        {PEOPLE: ("Bo,north", "Bo,south")},
        {"marts.regions": "none tests own: unit test many_regions changed"},
    ),
    Edit(
        "a fixture with its columns the other way round",
        {PEOPLE: "region,name\nnorth,Ann\nnorth,Bo\n"},
    ),
    Edit(
        "one of two unit tests in Python",
        {PYTHON_UNITS: ('"running": 2', '"running": 3')},
        {"marts.ranks": "none tests own: unit test runs_up changed"},
    ),
    Edit(
        "a comment in unit tests in Python",
        {PYTHON_UNITS: ("def runs_up():\n", "def runs_up():  # up and up\n")},
    ),
    Edit(
        "a SQL test is laid out anew",
        {
            NO_NEGATIVE: (
                "select order_id from marts.orders where euros < 0",
                "SELECT o.order_id\nFROM marts.orders AS o  -- all of them\nWHERE o.euros < 0",
            )
        },
    ),
    Edit(
        "what a SQL test finds",
        {NO_NEGATIVE: ("euros < 0", "euros <= 0")},
        {"marts.orders": "none tests own: SQL test no_negative changed"},
    ),
    Edit(
        "how strict a SQL test is",
        {NO_NEGATIVE: ("severity: warn", "severity: error")},
        {"marts.orders": "none tests own: SQL test no_negative changed"},
    ),
    Edit(
        "a SQL test is moved",
        {
            NO_NEGATIVE: None,
            "tests/data/orders/no_negative.sql": (
                "/* @test\nseverity: warn\n*/\nselect order_id from marts.orders where euros < 0\n"
            ),
        },
        {"marts.orders": "none tests own: SQL test no_negative moved"},
    ),
    Edit(
        "a SQL test is renamed",
        {
            NO_NEGATIVE: None,
            "tests/data/not_below_zero.sql": (
                "/* @test\nseverity: warn\n*/\nselect order_id from marts.orders where euros < 0\n"
            ),
        },
        {"marts.orders": "none tests own: SQL test not_below_zero renamed"},
    ),
    Edit(
        "a SQL test is added and one is removed",
        {
            NO_NEGATIVE: None,
            "tests/data/no_late.sql": "select * from daily where ordered_at is null\n",
        },
        {
            "marts.daily": "none tests own: SQL test no_late added",
            "marts.orders": "none tests own: SQL test no_negative removed",
        },
    ),
    Edit(
        "a model with a test of each kind",
        {
            "models/marts/sizes.sql": (
                "/* @model\nkind: table\ncolumns: {size: {tests: [not_null]}}\n*/\n"
                "select size from marts.orders\n"
            ),
            "tests/unit/sizes.yml": (
                "unit_tests: [{name: none_yet, model: sizes, given: [], expect: {rows: []}}]\n"
            ),
        },
        {"marts.sizes": "additive new own: unit test none_yet added"},
        ("marts.sizes",),
    ),
    of_customers("a row less in a seed", ("2,Bo,south\n", ""), "rows removed"),
    of_customers(
        "values of two columns of a seed",
        ("2,Bo,south", "2,Boe,west"),
        "name changed, region changed",
    ),
    of_customers(
        "a row of a seed under another key",
        ("2,Bo,south", "3,Bo,south"),
        "rows added, rows removed",
    ),
    of_customers(
        "a seed in another order",
        "id,name,region\n2,Bo,south\n1,Ann,north\n",
        "rows moved",
    ),
    Edit(
        "a column more in a seed, and a value",
        {
            _CUSTOMERS: "id,name,region,vip\n1,Ann,north,true\n2,Bo,west,false\n",
            "models/seeds.yml": (
                "      - {name: region, data_type: varchar}\n",
                (
                    "      - {name: region, data_type: varchar}\n"
                    "      - {name: vip, data_type: boolean}\n"
                ),
            ),
        },
        {**_ROW.expected, "raw.customers": "values data own: vip added, region changed"},
        _ROW.runs,
        _ROW.exposures,
    ),
]

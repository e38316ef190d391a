"""Edits of the shop, each with all that changes by it.

What an asset comes out as is written in one line: weight, category, `own` where it was edited or
`reached` where it reads what was; then its rows and columns with what became of them. `runs` are
the models that a build would run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

File = str | tuple[str, str] | None
"""The whole text, or (a part, what stands for it), or None: the file is gone."""

ORDERS = "models/marts/orders.sql"
DAILY = "models/marts/daily.sql"
REGIONS = "models/marts/regions.sql"
RANKS = "models/marts/ranks.sql"
EVENTS = "models/marts/events.sql"
GROWING = "models/marts/growing.sql"
MERGED = "models/marts/merged.sql"
FORECAST = "models/marts/forecast.py"
BOARD = "models/marts/board.yml"
STG_ORDERS = "models/staging/stg_orders.sql"
STG_CUSTOMERS = "models/staging/stg_customers.sql"
STG_PAYMENTS = "models/staging/stg_payments.sql"
RECENT = "models/staging/recent.sql"
SOURCES = "models/sources.yml"
SEEDS = "models/seeds.yml"
MONEY = "macros/money.sql"
LIB = "macros/lib.py"
UNITS = "tests/unit/daily.yml"
PYTHON_UNITS = "tests/unit/ranked.py"
PEOPLE = "tests/fixtures/people.csv"
NO_NEGATIVE = "tests/data/no_negative.sql"


@dataclass(frozen=True)
class Edit:
    name: str
    files: Mapping[str, File]
    expected: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    """Those that show what was changed."""
    found: tuple[str, ...] = ()
    """New diagnostics."""


EDITS = [
    Edit(
        "nothing at all",
        {},
    ),
    Edit(
        "keywords in capitals",
        {DAILY: ("select ordered_at, count(*) as orders", "SELECT ordered_at, COUNT(*) AS orders")},
        {"marts.daily": "none no-op own"},
    ),
    Edit(
        "a comment",
        {DAILY: ("group by ordered_at", "group by ordered_at -- per day")},
        {"marts.daily": "none no-op own"},
    ),
    Edit(
        "a name in another case",
        {ORDERS: ("{{ euros('o.amount') }}", "{{ euros('O.amount') }}")},
        {"marts.orders": "none no-op own"},
    ),
    Edit(
        "a subquery as a CTE",
        {
            DAILY: (
                ("select ordered_at, count(*) as orders, sum(euros) as euros\nfrom marts.orders"),
                (
                    "with o as (select * from marts.orders)\n"
                    "select ordered_at, count(*) as orders, sum(euros) as euros\n"
                    "from o"
                ),
            )
        },
        {"marts.daily": "none no-op own"},
    ),
    Edit(
        "sides of a join condition",
        {ORDERS: ("c.customer_id = o.customer_id", "o.customer_id = c.customer_id")},
        {"marts.orders": "none no-op own"},
    ),
    Edit(
        "a space",
        {STG_CUSTOMERS: ("id as customer_id", "id as customer_id ")},
        {"staging.stg_customers": "none no-op own"},
    ),
    Edit(
        "a description",
        {ORDERS: ("One row for each order.", "One row for each order that was placed.")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "a column's description",
        {ORDERS: ("Its number.", "The number of the order.")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "an owner",
        {ORDERS: ("owner: sales@shop.example", "owner: web@shop.example")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "a tag",
        {ORDERS: ("domain: sales", "domain: sales\ntags: [core]")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "meta",
        {ORDERS: ("domain: sales", "domain: sales\nmeta: {tier: 1}")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "another domain",
        {ORDERS: ("domain: sales", "domain: web")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "access is taken back",
        {ORDERS: ("access: public", "access: protected")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "a timeout",
        {ORDERS: ("domain: sales", "domain: sales\ntimeout: 10m")},
        {"marts.orders": "none metadata own"},
    ),
    Edit(
        "a macro's body",
        {MONEY: ("0.9", "0.8")},
        {
            "marts.orders": "values values own: euros changed",
            "marts.daily": "values values reached: euros affected",
            "marts.forecast": "values values reached: input daily affected",
            "marts.ranks": "values values reached: euros affected, running affected",
        },
        runs=("marts.daily", "marts.forecast", "marts.orders", "marts.ranks"),
        exposures=("exposure.board",),
    ),
    Edit(
        "a macro's comment",
        {MONEY: ("{% macro euros(x) %}", "{# to euros #}{% macro euros(x) %}")},
    ),
    Edit(
        "a macro that nobody uses",
        {MONEY: ("{% macro unused(x) %}{{ x }}", "{% macro unused(x) %}{{ x }} + 1")},
    ),
    Edit(
        "a variable",
        {"xform.toml": ("threshold = 10", "threshold = 12")},
        {
            "staging.recent": "values values own: where changed",
            "marts.big": "values values reached: rows affected",
        },
        runs=("marts.big",),
    ),
    Edit(
        "a variable of the environment",
        {RECENT: ("{{ var('threshold') }}", "{{ env_var('LEAST', '10') }}")},
        {"staging.recent": "none no-op own"},
    ),
    Edit(
        "another default of a variable of the environment",
        {RECENT: ("{{ var('threshold') }}", "{{ env_var('LEAST', '12') }}")},
        {
            "staging.recent": "values values own: where changed",
            "marts.big": "values values reached: rows affected",
        },
        runs=("marts.big",),
    ),
    Edit(
        "a row of a seed",
        {"seeds/raw/customers.csv": ("2,Bo,south", "2,Bo,west")},
        {
            "raw.customers": "values data own: region changed",
            "marts.daily": "values values reached: rows affected, orders affected, euros affected",
            "marts.everything": (
                "values values reached: rows affected, customer_id affected, name "
                "affected, region affected"
            ),
            "marts.forecast": "values values reached: rows affected, day affected, euros affected",
            "marts.orders": "values values reached: rows affected, region affected",
            "marts.ranks": "values values reached: rows affected, running affected",
            "marts.regions": (
                "values values reached: rows affected, region affected, customers affected"
            ),
            "staging.stg_customers": (
                "values values reached: rows affected, customer_id affected, name "
                "affected, region affected"
            ),
        },
        runs=(
            "marts.daily",
            "marts.everything",
            "marts.forecast",
            "marts.orders",
            "marts.ranks",
            "marts.regions",
        ),
        exposures=("exposure.board",),
    ),
    Edit(
        "a row more in a seed",
        {"seeds/raw/customers.csv": ("2,Bo,south\n", "2,Bo,south\n3,Cy,south\n")},
        {
            "raw.customers": "values data own: rows added",
            "marts.daily": "values values reached: rows affected, orders affected, euros affected",
            "marts.everything": (
                "values values reached: rows affected, customer_id affected, name "
                "affected, region affected"
            ),
            "marts.forecast": "values values reached: rows affected, day affected, euros affected",
            "marts.orders": "values values reached: rows affected, region affected",
            "marts.ranks": "values values reached: rows affected, running affected",
            "marts.regions": (
                "values values reached: rows affected, region affected, customers affected"
            ),
            "staging.stg_customers": (
                "values values reached: rows affected, customer_id affected, name "
                "affected, region affected"
            ),
        },
        runs=(
            "marts.daily",
            "marts.everything",
            "marts.forecast",
            "marts.orders",
            "marts.ranks",
            "marts.regions",
        ),
        exposures=("exposure.board",),
    ),
    Edit(
        "the type of a seed's column",
        {
            SEEDS: (
                "{name: amount, data_type: 'decimal(10,2)'}",
                "{name: amount, data_type: double}",
            )
        },
        {
            "raw.orders": "breaking columns own: amount retyped",
            "marts.big": "values values reached: rows affected",
            "marts.daily": (
                "breaking columns reached: group by affected, orders affected, euros retyped"
            ),
            "marts.events": "values values reached: union all affected",
            "marts.forecast": "values values reached: input daily affected",
            "marts.growing": "breaking columns reached: rows affected, amount retyped",
            "marts.merged": "values values reached: rows affected",
            "marts.orders": "breaking columns reached: from affected, euros retyped, size affected",
            "marts.ranks": (
                "breaking columns reached: rows affected, euros retyped, running retyped"
            ),
            "staging.recent": "values columns reached: where affected, amount retyped",
            "staging.stg_orders": "values columns reached: where affected, amount retyped",
        },
        runs=(
            "marts.big",
            "marts.daily",
            "marts.events",
            "marts.forecast",
            "marts.growing",
            "marts.merged",
            "marts.orders",
            "marts.ranks",
            "staging.stg_orders",
        ),
        exposures=("exposure.board",),
    ),
    Edit(
        "the type of a seed's column that is not computed with",
        {SEEDS: ("{name: note, data_type: varchar}", "{name: note, data_type: json}")},
        {
            "raw.orders": "breaking columns own: note retyped",
            "staging.stg_orders": "values columns reached: note retyped",
        },
        runs=("staging.stg_orders",),
    ),
    Edit(
        "a column more in a source",
        {
            SOURCES: (
                "          - {name: method, data_type: varchar}\n",
                (
                    "          - {name: method, data_type: varchar}\n"
                    "          - {name: fee, data_type: double}\n"
                ),
            )
        },
        {"app.payments": "additive additive own: fee added"},
    ),
    Edit(
        "the type of a source's column",
        {SOURCES: ("{name: paid, data_type: double}", "{name: paid, data_type: 'decimal(10,2)'}")},
        {
            "app.payments": "values columns own: paid retyped",
            "staging.stg_payments": "breaking columns reached: paid retyped",
        },
        runs=("staging.stg_payments",),
    ),
    Edit(
        "a source's column is gone that is read",
        {SOURCES: ("          - {name: method, data_type: varchar}\n", "")},
        {
            "app.payments": "none columns own: method removed",
            "marts.events": "breaking broken reached",
            "staging.stg_payments": "breaking broken reached",
        },
        found=("XF0403",),
    ),
    Edit(
        "a source more",
        {
            SOURCES: (
                "      - name: payments",
                (
                    "      - name: refunds\n"
                    "        columns: [{name: id, data_type: bigint}]\n"
                    "      - name: payments"
                ),
            )
        },
        {"app.refunds": "additive new own"},
    ),
    Edit(
        "a file in another folder",
        {
            REGIONS: None,
            "models/marts/geo/regions.sql": (
                "/* @model\n"
                "kind: table\n"
                "*/\n"
                "select region, count(*) as customers from stg_customers group by region"
                "\n"
            ),
        },
        {"marts.regions": "none metadata own"},
    ),
    Edit(
        "another name",
        {
            REGIONS: None,
            "models/marts/areas.sql": (
                "/* @model\n"
                "kind: table\n"
                "*/\n"
                "select region, count(*) as customers from stg_customers group by region"
                "\n"
            ),
        },
        {"marts.areas": "breaking renamed own"},
        found=("XF0851",),
    ),
    Edit(
        "another name, and its reader follows",
        {
            STG_PAYMENTS: None,
            "models/staging/stg_paid.sql": (
                "/* @model\n"
                "kind: view\n"
                "*/\n"
                "select id as payment_id, order_id, paid, method from app.payments\n"
            ),
            EVENTS: ("stg_payments", "stg_paid"),
        },
        {"marts.events": "none no-op own", "staging.stg_paid": "breaking renamed own"},
    ),
    Edit(
        "a new model",
        {"models/marts/new.sql": "/* @model\nkind: table\n*/\nselect region from stg_customers\n"},
        {"marts.new": "additive new own"},
        runs=("marts.new",),
    ),
    Edit(
        "a model is gone",
        {REGIONS: None},
        {"marts.regions": "breaking removed own"},
        found=("XF0851",),
    ),
    Edit(
        "a model is gone that is read",
        {DAILY: None},
        {"marts.daily": "breaking removed own", "marts.forecast": "breaking broken reached"},
        exposures=("exposure.board",),
        found=("XF0401", "XF0401", "XF0851"),
    ),
    Edit(
        "a private view is gone with its readers",
        {RECENT: None, "models/marts/big.sql": None},
        {"marts.big": "breaking removed own", "staging.recent": "none removed own"},
    ),
    Edit(
        "a column more",
        {ORDERS: ("  o.status,\n", "  o.status,\n  o.note,\n")},
        {"marts.orders": "additive additive own: note added"},
        runs=("marts.orders",),
    ),
    Edit(
        "a column more below a star",
        {STG_CUSTOMERS: ("name, region from", "name, region, upper(region) as area from")},
        {
            "staging.stg_customers": "additive additive own: area added",
            "marts.everything": "additive additive reached: area added",
        },
        runs=("marts.everything", "staging.stg_customers"),
    ),
    Edit(
        "a column less",
        {
            ORDERS: ("  c.region,\n", "  c.region as region,\n"),
            RANKS: ("euros,\n", "euros,\n"),
            DAILY: ("count(*) as orders, ", ""),
        },
        {
            "marts.daily": "breaking columns own: orders removed",
            "marts.orders": "none no-op own",
            "marts.forecast": "values values reached: input daily affected",
        },
        runs=("marts.daily", "marts.forecast"),
        exposures=("exposure.board",),
        found=("XF0853",),
    ),
    Edit(
        "a column is gone that is read",
        {ORDERS: ("  c.region,\n", "")},
        {
            "marts.orders": "breaking columns own: region removed",
            "marts.ranks": "breaking broken reached",
        },
        runs=("marts.orders",),
        found=("XF0403",),
    ),
    Edit(
        "a private view loses a column that nobody reads",
        {STG_ORDERS: ("status, note, ordered_at", "status, ordered_at")},
        {"staging.stg_orders": "none columns own: note removed"},
        runs=("staging.stg_orders",),
    ),
    Edit(
        "a column's name",
        {DAILY: ("as orders", "as order_count")},
        {
            "marts.daily": "breaking columns own: order_count orders renamed",
            "marts.forecast": "values values reached: input daily affected",
        },
        runs=("marts.daily", "marts.forecast"),
        exposures=("exposure.board",),
        found=("XF0853",),
    ),
    Edit(
        "a column's name, and its reader follows",
        {
            ORDERS: ("as euros", "as eur"),
            DAILY: ("sum(euros)", "sum(eur)"),
            RANKS: (
                "/* @model\n"
                "kind: table\n"
                "*/\n"
                "select order_id, eur as euros,\n"
                "  sum(eur) over (partition by region order by order_id\n"
                "    rows between unbounded preceding and current row) as running\n"
                "from marts.orders\n"
            ),
        },
        {
            "marts.daily": "none no-op own",
            "marts.orders": "breaking columns own: eur euros renamed",
            "marts.ranks": "none no-op own",
        },
        runs=("marts.orders",),
        found=("XF0403", "XF0853"),
    ),
    Edit(
        "a column's type",
        {DAILY: ("count(*) as orders", "cast(count(*) as integer) as orders")},
        {
            "marts.daily": "breaking columns own: orders retyped",
            "marts.forecast": "values values reached: input daily affected",
        },
        runs=("marts.daily", "marts.forecast"),
        exposures=("exposure.board",),
    ),
    Edit(
        "columns in another order",
        {
            DAILY: (
                "count(*) as orders, sum(euros) as euros",
                "sum(euros) as euros, count(*) as orders",
            )
        },
        {
            "marts.daily": "none storage own",
            "marts.forecast": "values values reached: input daily affected",
        },
        runs=("marts.daily", "marts.forecast"),
        exposures=("exposure.board",),
    ),
    Edit(
        "a column means something else",
        {DAILY: ("sum(euros)", "max(euros)")},
        {
            "marts.daily": "values values own: euros changed",
            "marts.forecast": "values values reached: input daily affected",
        },
        runs=("marts.daily", "marts.forecast"),
        exposures=("exposure.board",),
    ),
    Edit(
        "another filter",
        {STG_ORDERS: ("amount is not null", "amount > 0")},
        {
            "staging.stg_orders": "values values own: where changed",
            "marts.big": "values values reached: rows affected",
            "marts.daily": (
                "values values reached: group by affected, orders affected, euros affected"
            ),
            "marts.events": "values values reached: union all affected",
            "marts.forecast": "values values reached: input daily affected",
            "marts.growing": "values values reached: rows affected",
            "marts.merged": "values values reached: rows affected",
            "marts.orders": "values values reached: from affected",
            "marts.ranks": "values values reached: rows affected, running affected",
            "staging.recent": "values values reached: where affected",
        },
        runs=(
            "marts.big",
            "marts.daily",
            "marts.events",
            "marts.forecast",
            "marts.growing",
            "marts.merged",
            "marts.orders",
            "marts.ranks",
            "staging.stg_orders",
        ),
        exposures=("exposure.board",),
    ),
    Edit(
        "a filter more",
        {DAILY: ("group by", "where euros > 1\ngroup by")},
        {
            "marts.daily": (
                "values values own: where added, group by changed, orders affected, euros affected"
            ),
            "marts.forecast": "values values reached: input daily affected",
        },
        runs=("marts.daily", "marts.forecast"),
        exposures=("exposure.board",),
    ),
    Edit(
        "a left join",
        {ORDERS: ("join stg_customers", "left join stg_customers")},
        {
            "marts.orders": "values values own: from changed",
            "marts.daily": (
                "values values reached: group by affected, orders affected, euros affected"
            ),
            "marts.forecast": "values values reached: input daily affected",
            "marts.ranks": "values values reached: rows affected, running affected",
        },
        runs=("marts.daily", "marts.forecast", "marts.orders", "marts.ranks"),
        exposures=("exposure.board",),
    ),
    Edit(
        "another key of a join",
        {ORDERS: ("c.customer_id = o.customer_id", "c.customer_id = o.order_id")},
        {
            "marts.orders": "values values own: from changed",
            "marts.daily": (
                "values values reached: group by affected, orders affected, euros affected"
            ),
            "marts.forecast": "values values reached: input daily affected",
            "marts.ranks": "values values reached: rows affected, running affected",
        },
        runs=("marts.daily", "marts.forecast", "marts.orders", "marts.ranks"),
        exposures=("exposure.board",),
    ),
    Edit(
        "another grouping",
        {
            REGIONS: (
                "/* @model\n"
                "kind: table\n"
                "*/\n"
                "select region, count(*) as customers from stg_customers group by "
                "region, name\n"
            )
        },
        {"marts.regions": "values values own: group by changed, customers affected"},
        runs=("marts.regions",),
    ),
    Edit(
        "distinct",
        {EVENTS: ("select order_id, 'order'", "select distinct order_id, 'order'")},
        {"marts.events": "values values own: distinct added, union all changed"},
        runs=("marts.events",),
    ),
    Edit(
        "another frame of a window",
        {RANKS: ("unbounded preceding", "3 preceding")},
        {"marts.ranks": "values values own: running changed"},
        runs=("marts.ranks",),
    ),
    Edit(
        "another partition of a window",
        {RANKS: ("partition by region order by", "order by")},
        {"marts.ranks": "values values own: running changed"},
        runs=("marts.ranks",),
    ),
    Edit(
        "a branch of a CASE",
        {ORDERS: ("else 'small'", "when o.amount > 5 then 'middle' else 'small'")},
        {"marts.orders": "values values own: size changed"},
        runs=("marts.orders",),
    ),
    Edit(
        "a branch of a UNION less",
        {EVENTS: ("union all\nselect order_id, 'payment' from stg_payments\n", "")},
        {
            "marts.events": (
                "values values own: rows added, union all removed, order_id changed, what changed"
            )
        },
        runs=("marts.events",),
    ),
    Edit(
        "UNION without ALL",
        {EVENTS: ("union all", "union")},
        {
            "marts.events": (
                "values values own: union added, union all removed, order_id changed, what changed"
            )
        },
        runs=("marts.events",),
    ),
    Edit(
        "the order of rows",
        {REGIONS: ("group by region", "group by region order by region")},
        {"marts.regions": "none storage own"},
        runs=("marts.regions",),
    ),
    Edit(
        "a view becomes a table",
        {STG_CUSTOMERS: ("kind: view", "kind: table")},
        {"staging.stg_customers": "none storage own"},
        runs=("staging.stg_customers",),
    ),
    Edit(
        "a table becomes a view",
        {REGIONS: ("kind: table", "kind: view")},
        {"marts.regions": "none storage own"},
        runs=("marts.regions",),
    ),
    Edit(
        "an ephemeral model becomes a view",
        {RECENT: ("kind: ephemeral", "kind: view")},
        {"staging.recent": "none storage own"},
        runs=("staging.recent",),
    ),
    Edit(
        "what runs before",
        {REGIONS: ("kind: table", "kind: table\nbefore: [set threads = 2]")},
        {"marts.regions": "none storage own"},
        runs=("marts.regions",),
    ),
    Edit(
        "a lookback",
        {GROWING: ("lookback: 0", "lookback: 2")},
        {"marts.growing": "none incremental own"},
    ),
    Edit(
        "another start",
        {GROWING: ("start: 2026-01-01", "start: 2025-01-01")},
        {"marts.growing": "values incremental own"},
        runs=("marts.growing",),
    ),
    Edit(
        "what carries a table on",
        {MERGED: ("order_id > 0", "order_id > 1")},
        {"marts.merged": "values incremental own"},
        runs=("marts.merged",),
    ),
    Edit(
        "another key of a table that grows",
        {MERGED: ("unique_key: order_id", "unique_key: [order_id, status]")},
        {"marts.merged": "values incremental own"},
        runs=("marts.merged",),
    ),
    Edit(
        "the query of a table that grows",
        {
            GROWING: (
                "select order_id, amount, ordered_at",
                "select order_id, amount + 1 as amount, ordered_at",
            )
        },
        {"marts.growing": "values values own: amount changed"},
        runs=("marts.growing",),
    ),
    Edit(
        "new code for new intervals only",
        {
            GROWING: (
                "lookback: 0\n*/\nselect order_id, amount,",
                (
                    "lookback: 0\n"
                    "on_code_change: forward\n"
                    "*/\n"
                    "select order_id, amount + 1 as amount,"
                ),
            )
        },
        {"marts.growing": "values values own: amount changed"},
        runs=("marts.growing",),
    ),
    Edit(
        "a test more",
        {
            DAILY: (
                "owner: finance@shop.example",
                "owner: finance@shop.example\ncolumns: {orders: {tests: [not_null]}}",
            )
        },
        {"marts.daily": "none tests own"},
    ),
    Edit(
        "a test less",
        {ORDERS: ("tests: [not_null, unique], description", "tests: [unique], description")},
        {"marts.orders": "none tests own"},
    ),
    Edit(
        "a test only warns",
        {
            ORDERS: (
                "tests: [not_null, unique], description",
                "tests: [{not_null: {severity: warn}}, unique], description",
            )
        },
        {"marts.orders": "none tests own"},
    ),
    Edit(
        "the promise to be unique is gone",
        {ORDERS: ("tests: [not_null, unique], description", "tests: [not_null], description")},
        {"marts.orders": "breaking tests own"},
    ),
    Edit(
        "a value is no longer taken",
        {ORDERS: ("values: [open, paid]", "values: [paid]")},
        {"marts.orders": "breaking tests own"},
    ),
    Edit(
        "a value more is taken",
        {ORDERS: ("values: [open, paid]", "values: [open, paid, void]")},
        {"marts.orders": "none tests own"},
    ),
    Edit(
        "a Python model",
        {FORECAST: ("return scale(daily)", "return scale(scale(daily))")},
        {"marts.forecast": "values values own: code changed"},
        runs=("marts.forecast",),
    ),
    Edit(
        "a Python model's comment",
        {FORECAST: ("    return scale(daily)", "    # as it is\n    return scale(daily)")},
        {"marts.forecast": "none no-op own"},
    ),
    Edit(
        "a Python model's helper",
        {LIB: ("return frame", "return frame * 2")},
        {"marts.forecast": "values values own: code changed"},
        runs=("marts.forecast",),
    ),
    Edit(
        "a Python model's column",
        {FORECAST: ('"euros": "double"', '"eur": "double"')},
        {"marts.forecast": "breaking columns own: eur added, euros removed"},
        runs=("marts.forecast",),
    ),
    Edit(
        "an exposure reads something else",
        {BOARD: ("ref('daily')", "ref('regions')")},
        {"exposure.board": "none metadata own"},
    ),
    Edit(
        "an exposure is gone",
        {BOARD: None},
        {"exposure.board": "none removed own"},
    ),
    Edit(
        "a column that is not there",
        {DAILY: ("sum(euros)", "sum(eurs)")},
        {"marts.daily": "breaking broken own", "marts.forecast": "breaking broken reached"},
        exposures=("exposure.board",),
        found=("XF0403",),
    ),
    Edit(
        "a syntax error",
        {DAILY: ("group by", "gruop by")},
        {"marts.daily": "breaking broken own", "marts.forecast": "breaking broken reached"},
        exposures=("exposure.board",),
        found=("XF0301",),
    ),
    Edit(
        "two edits, one behind the other",
        {STG_ORDERS: ("amount is not null", "amount > 0"), DAILY: ("sum(euros)", "max(euros)")},
        {
            "marts.daily": "values values own: group by affected, orders affected, euros changed",
            "staging.stg_orders": "values values own: where changed",
            "marts.big": "values values reached: rows affected",
            "marts.events": "values values reached: union all affected",
            "marts.forecast": "values values reached: input daily affected",
            "marts.growing": "values values reached: rows affected",
            "marts.merged": "values values reached: rows affected",
            "marts.orders": "values values reached: from affected",
            "marts.ranks": "values values reached: rows affected, running affected",
            "staging.recent": "values values reached: where affected",
        },
        runs=(
            "marts.big",
            "marts.daily",
            "marts.events",
            "marts.forecast",
            "marts.growing",
            "marts.merged",
            "marts.orders",
            "marts.ranks",
            "staging.stg_orders",
        ),
        exposures=("exposure.board",),
    ),
]

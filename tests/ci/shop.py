"""A small shop: every kind of asset that an edit can touch, in a few lines each."""

from __future__ import annotations

SHOP = {
    "xform.toml": 'name = "shop"\n\n[vars]\nthreshold = 10\n',
    "profiles.yml": (
        "shop:\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n  target: dev\n"
    ),
    "seeds/raw/orders.csv": (
        "id,customer_id,amount,status,note,ordered_at\n"
        "1,1,10.00,paid,gift,2026-01-01\n2,2,20.50,open,,2026-01-02\n"
    ),
    "seeds/raw/customers.csv": "id,name,region\n1,Ann,north\n2,Bo,south\n",
    "models/seeds.yml": (
        "seeds:\n"
        "  - name: raw.orders\n"
        "    columns:\n"
        "      - {name: id, data_type: bigint}\n"
        "      - {name: customer_id, data_type: bigint}\n"
        "      - {name: amount, data_type: 'decimal(10,2)'}\n"
        "      - {name: status, data_type: varchar}\n"
        "      - {name: note, data_type: varchar}\n"
        "      - {name: ordered_at, data_type: date}\n"
        "  - name: raw.customers\n"
        "    columns:\n"
        "      - {name: id, data_type: bigint}\n"
        "      - {name: name, data_type: varchar}\n"
        "      - {name: region, data_type: varchar}\n"
    ),
    "models/sources.yml": (
        "sources:\n"
        "  - name: app\n"
        "    tables:\n"
        "      - name: payments\n"
        "        columns:\n"
        "          - {name: id, data_type: bigint}\n"
        "          - {name: order_id, data_type: bigint}\n"
        "          - {name: paid, data_type: double}\n"
        "          - {name: method, data_type: varchar}\n"
    ),
    "models/staging/stg_orders.sql": (
        "/* @model\n"
        "kind: view\n"
        "access: private\n"
        "*/\n"
        "select id as order_id, customer_id, amount, status, note, ordered_at\n"
        "from raw.orders\n"
        "where amount is not null\n"
    ),
    "models/staging/stg_customers.sql": (
        "/* @model\nkind: view\n*/\nselect id as customer_id, name, region from raw.customers\n"
    ),
    "models/staging/stg_payments.sql": (
        "/* @model\nkind: view\n*/\n"
        "select id as payment_id, order_id, paid, method from app.payments\n"
    ),
    "models/staging/recent.sql": (
        "/* @model\nkind: ephemeral\n*/\n"
        "select order_id, amount from stg_orders where amount > {{ var('threshold') }}\n"
    ),
    "models/marts/orders.sql": (
        "/* @model\n"
        "kind: table\n"
        "owner: sales@shop.example\n"
        "access: public\n"
        "domain: sales\n"
        "description: One row for each order.\n"
        "columns:\n"
        "  order_id: {tests: [not_null, unique], description: Its number.}\n"
        "  status: {tests: [{accepted_values: {values: [open, paid]}}]}\n"
        "*/\n"
        "select\n"
        "  o.order_id,\n"
        "  o.customer_id,\n"
        "  c.region,\n"
        "  o.status,\n"
        "  {{ euros('o.amount') }} as euros,\n"
        "  case when o.amount > 15 then 'large' else 'small' end as size,\n"
        "  o.ordered_at\n"
        "from stg_orders as o\n"
        "join stg_customers as c on c.customer_id = o.customer_id\n"
    ),
    "models/marts/daily.sql": (
        "/* @model\nkind: table\nowner: finance@shop.example\n*/\n"
        "select ordered_at, count(*) as orders, sum(euros) as euros\n"
        "from marts.orders\ngroup by ordered_at\n"
    ),
    "models/marts/regions.sql": (
        "/* @model\nkind: table\n*/\n"
        "select region, count(*) as customers from stg_customers group by region\n"
    ),
    "models/marts/ranks.sql": (
        "/* @model\nkind: table\n*/\n"
        "select order_id, euros,\n"
        "  sum(euros) over (partition by region order by order_id\n"
        "    rows between unbounded preceding and current row) as running\n"
        "from marts.orders\n"
    ),
    "models/marts/events.sql": (
        "/* @model\nkind: table\n*/\n"
        "select order_id, 'order' as what from stg_orders\n"
        "union all\n"
        "select order_id, 'payment' from stg_payments\n"
    ),
    "models/marts/everything.sql": "/* @model\nkind: table\n*/\nselect * from stg_customers\n",
    "models/marts/big.sql": "/* @model\nkind: table\n*/\nselect order_id from recent\n",
    "models/marts/growing.sql": (
        "/* @model\nkind: incremental\ntime_column: ordered_at\nstart: 2026-01-01\n"
        "lookback: 0\n*/\n"
        "select order_id, amount, ordered_at from stg_orders\n"
    ),
    "models/marts/merged.sql": (
        "/* @model\nkind: incremental\nunique_key: order_id\n*/\n"
        "select order_id, status from stg_orders\n"
        "{% if is_incremental() %}where order_id > 0{% endif %}\n"
    ),
    "models/marts/forecast.py": (
        "from xform import model\n"
        "from macros.lib import scale\n\n\n"
        '@model(kind="table", columns={"day": "date", "euros": "double"})\n'
        "def forecast(daily):\n"
        "    return scale(daily)\n"
    ),
    "models/marts/board.yml": (
        "exposures:\n"
        "  - name: board\n"
        "    type: dashboard\n"
        "    owner: {name: Bea, email: bea@shop.example}\n"
        "    depends_on: [ref('daily')]\n"
    ),
    "tests/unit/daily.yml": (
        "unit_tests:\n"
        "  - name: totals\n"
        "    model: daily\n"
        "    given:\n"
        "      - input: ref('orders')\n"
        "        rows:\n"
        "          - {ordered_at: 2026-01-01, euros: 2}\n"
        "          - {ordered_at: 2026-01-01, euros: 3}\n"
        "    expect:\n"
        "      rows: [{ordered_at: 2026-01-01, orders: 2}]\n"
        "  - name: many_regions\n"
        "    model: regions\n"
        "    given:\n"
        "      - {input: stg_customers, fixture: people}\n"
        "    expect:\n"
        "      - {customers: 2}\n"
    ),
    "tests/unit/ranked.py": (
        "from xform import unit_test\n\n\n"
        '@unit_test(model="ranks")\n'
        "def runs_up():\n"
        '    order = {"order_id": 1, "region": "north", "euros": 2}\n'
        '    return {"given": {"marts.orders": [order]}, "expect": [{"running": 2}]}\n\n\n'
        '@unit_test(model="ranks")\n'
        "def of_nothing_comes_nothing():\n"
        '    return {"expect": []}\n'
    ),
    "tests/fixtures/people.csv": "name,region\nAnn,north\nBo,north\n",
    "tests/data/no_negative.sql": (
        "/* @test\nseverity: warn\n*/\nselect order_id from marts.orders where euros < 0\n"
    ),
    "macros/lib.py": "def scale(frame):\n    return frame\n",
    "macros/money.sql": (
        "{% macro euros(x) %}round({{ x }} * 0.9, 2){% endmacro %}\n"
        "{% macro unused(x) %}{{ x }}{% endmacro %}\n"
    ),
}

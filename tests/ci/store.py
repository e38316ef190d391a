"""A small shop that is built: what a change of it does to rows can be followed by hand."""

from __future__ import annotations

ORDERS = "models/marts/orders.sql"
CUSTOMERS = "models/marts/customers.sql"
DAILY = "models/marts/daily.sql"
STG_ORDERS = "models/staging/stg_orders.sql"
SEED = "seeds/raw/orders.csv"

STORE = {
    "pyproject.toml": '[tool.xform]\nname = "store"\nprofile = "store"\n',
    "profiles.yml": (
        "store:\n  target: dev\n  outputs:\n"
        "    dev: {type: duckdb, path: store.duckdb, threads: 2}\n"
    ),
    SEED: (
        "id,customer_id,amount,status,ordered_at\n"
        "1,1,10,paid,2026-01-01\n2,2,20,paid,2026-01-01\n3,1,30,open,2026-01-02\n"
        "4,3,40,paid,2026-01-02\n5,2,50,void,2026-01-03\n"
    ),
    "seeds/raw/customers.csv": "id,name,mail\n1,Ann,ann@x.example\n2,Bo,bo@x.example\n3,Cy,\n",
    STG_ORDERS: (
        "/* @model\nkind: view\n*/\n"
        "select id as order_id, customer_id, amount, status, ordered_at from raw.orders\n"
    ),
    ORDERS: (
        "/* @model\nkind: table\ngrain: [order_id]\ncolumns:\n"
        "  order_id: {tests: [not_null, unique]}\n"
        "  euros: {tests: [{range: {min: 0}}]}\n"
        "*/\n"
        "select order_id, customer_id, amount * 2 as euros, status, ordered_at\n"
        "from stg_orders\n"
        "where status <> 'void'\n"
    ),
    DAILY: (
        "/* @model\nkind: table\ngrain: [ordered_at]\n*/\n"
        "select ordered_at, count(*) as orders, sum(euros) as euros\n"
        "from marts.orders group by ordered_at\n"
    ),
    CUSTOMERS: (
        "/* @model\nkind: table\ngrain: [id]\ncolumns:\n  mail: {tags: [pii]}\n*/\n"
        "select id, name, mail from raw.customers\n"
    ),
    "models/marts/contacts.sql": (
        "/* @model\nkind: table\ngrain: [id]\n*/\n"
        "select id, lower(mail) as contact, length(name) as letters from marts.customers\n"
    ),
}

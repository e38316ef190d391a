"""A broken model is told of once, all in one run; its neighbours compile."""

from __future__ import annotations

from pathlib import Path

from compile_steps import Site, codes

from xform.app.output.forms import compile_form


def broken(tmp_path: Path, **texts: str) -> Site:
    site = Site(tmp_path)
    for name, text in texts.items():
        site.write(f"models/marts/{name}.sql", text)
    return site


def test_all_errors_come_in_one_run(tmp_path: Path) -> None:
    site = broken(
        tmp_path,
        names="select nmae from customers",
        top="select order_id from piad",
        tagged="select {{ unknown_macro() }} as x from paid",
        everything="select * frm orders where (",
    )
    assert {path for _, path, _ in codes(site.compile())} == {
        f"models/marts/{name}.sql" for name in ("names", "top", "tagged", "everything")
    }


def test_neighbours_of_a_broken_model_compile(tmp_path: Path) -> None:
    compilation = broken(tmp_path, names="select nmae from customers").compile()
    whole = [name for name, asset in compilation.assets.items() if not asset.broken]
    assert len(whole) == len(compilation.assets) - 1
    assert compilation.body(compilation.assets["marts.top"].name).fingerprints is not None  # type: ignore[index]


def test_readers_do_not_repeat_the_error_of_what_they_read(tmp_path: Path) -> None:
    site = broken(tmp_path, orders="select order_id, custmer as customer, amount from stg_orders")
    compilation = site.compile()
    assert {path for _, path, _ in codes(compilation)} == {"models/marts/orders.sql"}
    assert compilation.assets["marts.names"].broken  # type: ignore[index]
    assert compilation.assets["marts.names"].depends_on == ("marts.customers",)  # type: ignore[index]


def test_readers_of_a_broken_model_say_what_is_theirs(tmp_path: Path) -> None:
    site = broken(
        tmp_path,
        orders="select order_id, custmer as customer, amount from stg_orders",
        names=(
            "select o.nope, o.order_id, b.anything, missing"
            " from stg_orders as o join orders as b on o.order_id = b.order_id"
        ),
    )
    assert [(path, code) for code, path, _ in codes(site.compile())] == [
        ("models/marts/names.sql", "XF0403"),  # o.nope alone: `missing` may be a column of b
        ("models/marts/orders.sql", "XF0403"),
    ]


def test_a_broken_syntax_upstream_is_told_of_once(tmp_path: Path) -> None:
    site = broken(tmp_path, orders="select order_id, from from stg_orders where")
    assert {path for _, path, _ in codes(site.compile())} == {"models/marts/orders.sql"}


def test_readers_of_a_cycle_do_not_repeat_it(tmp_path: Path) -> None:
    site = broken(
        tmp_path,
        orders="select order_id, customer, amount from paid",
        paid="select order_id, 1 as customer, amount from orders",
    )
    found = codes(site.compile())
    assert len(found) == 1
    assert found[0][1] in ("models/marts/orders.sql", "models/marts/paid.sql")


def test_an_error_that_is_mended_is_gone(tmp_path: Path) -> None:
    site = broken(tmp_path, names="select nmae from customers")
    assert site.compile().failed
    site.write("models/marts/names.sql", "select name from customers")
    assert site.ran() >= {("parse", "marts.names")}


def test_a_broken_project_still_has_its_json_form(tmp_path: Path) -> None:
    site = broken(tmp_path, orders="select custmer from stg_orders", names="select (")
    form = compile_form(site.compile())
    by_name = {asset["name"]: asset for asset in form["assets"]}
    assert by_name["marts.orders"]["build_fingerprint"] is None
    assert by_name["marts.names"]["compiled_sql"] is None
    assert all(
        found["path"] and found["line"] >= 1 and found["help"] for found in form["diagnostics"]
    )

"""What well-formed projects declare: names, precedence, headers, yml, places."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from xform.base.names import AssetName
from xform.host.files import ProjectFiles
from xform.project.assets import Asset, Kind, Language
from xform.project.checksum import EXACT, OFF, Checksum
from xform.project.declare import declare
from xform.project.declared import Declared
from xform.project.load import Loaded, load
from xform.project.running import Retries, Running

SQL = "select 1 as id\n"


def loaded(root: Path, files: dict[str, str | bytes]) -> Loaded:
    for path, content in {"xform.toml": "name = 'shop'\n", **files}.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    result, found = load(ProjectFiles(root))
    assert not found, found
    return result


def assets(root: Path, files: dict[str, str | bytes]) -> dict[str, Asset]:
    return {asset.name: asset for asset in loaded(root, files).project.assets}


def test_paths_name_assets(tmp_path: Path) -> None:
    found = assets(
        tmp_path,
        {
            "models/top.sql": SQL,
            "models/staging/deep/er/orders.SQL": SQL,
            "models/marts/notes.md": "no model",
            "models/marts/.hidden.sql": SQL,
            "models/marts/__pycache__/x.py": "from xform import model\n@model\ndef f(): ...",
            "seeds/raw/planes.csv": "a\n1\n",
            "seeds/raw/x/flights.parquet": b"PAR1",
            "seeds/ORIGIN.md": "where it is from",
        },
    )
    assert {name: (asset.kind, asset.files, asset.format) for name, asset in found.items()} == {
        "main.top": (Kind.VIEW, None, None),
        "staging.orders": (Kind.VIEW, None, None),
        "raw.planes": (Kind.SEED, "seeds/raw/planes.csv", "csv"),
        "raw.flights": (Kind.SEED, "seeds/raw/x/flights.parquet", "parquet"),
    }


def test_nearest_setting_wins_tags_add_up_and_meta_merges(tmp_path: Path) -> None:
    found = assets(
        tmp_path,
        {
            "xform.toml": """
name = "shop"
[defaults."**"]
owner = "all"
group = "core"
domain = "shop"
tags = ["a"]
meta = {x = 1, y = 1}
[defaults."staging/**"]
kind = "table"
owner = "folder"
domain = "staging"
tags = ["b"]
""",
            "models/staging/m.yml": (
                "models: [{name: orders, config: {owner: yml, tags: c}, description: from yml, "
                "meta: {y: 2}, columns: [{name: ID, data_type: bigint, tests: [unique]}]}]"
            ),
            "models/staging/orders.sql": (
                "/* @model\nowner: file\ntags: [d, a]\nmeta: {z: 3}\n"
                "columns: {id: {description: key, tests: [not_null, unique]}, b: int}\n*/" + SQL
            ),
            "models/staging/plain.sql": SQL,
            "models/marts/other.sql": SQL,
        },
    )
    orders = found["staging.orders"]
    assert (orders.kind, orders.owner, orders.group) == (Kind.TABLE, "file", "core")
    assert (orders.domain, orders.description) == ("staging", "from yml")
    assert orders.tags == ("a", "b", "c", "d")
    assert orders.meta == {"x": 1, "y": 2, "z": 3}
    assert orders.declared_in == ("models/staging/m.yml",)
    key, _ = orders.columns
    assert (key.name, key.type, key.description) == ("id", "bigint", "key")
    assert [test.kind.value for test in key.tests] == ["not_null", "unique"]
    assert orders.config == {
        "kind": "table",
        "materialized": "table",
        "owner": "file",
        "group": "core",
        "domain": "staging",
        "tags": ["a", "b", "c", "d"],
        "meta": {"x": 1, "y": 2, "z": 3},
    }
    assert found["staging.plain"].owner == "folder"
    assert found["marts.other"].owner == "all"


def test_patience_is_set_for_the_project_a_folder_or_a_model(tmp_path: Path) -> None:
    found = assets(
        tmp_path,
        {
            "xform.toml": """
name = "shop"
timeout = "1h 30m"
retries = {times = 4, wait = "500ms"}
defaults = {"marts/**" = {timeout = "10m"}}
""",
            "models/staging/orders.sql": SQL,
            "models/marts/sums.sql": f"/* @model\nretries: 0\n*/\n{SQL}",
            "models/marts/days.sql": f"{{{{ config(timeout=7.5) }}}}\n{SQL}",
            "seeds/raw/planes.csv": "a\n1\n",
        },
    )
    retries = Retries(4, 0.5)
    assert {name: asset.running for name, asset in found.items()} == {
        "raw.planes": Running(5400.0, retries),
        "staging.orders": Running(5400.0, retries),
        "marts.sums": Running(600.0, Retries(0)),
        "marts.days": Running(600.0, retries),  # what a template sets is known once it is rendered
    }
    assert found["marts.sums"].config["timeout"] == 600.0


def test_checksums_are_set_for_the_project_a_folder_or_a_model(tmp_path: Path) -> None:
    found = assets(
        tmp_path,
        {
            "xform.toml": """
name = "shop"
checksum = {sample = 0.01}
defaults = {"marts/**" = {checksum = {float_digits = 6}}}
""",
            "models/staging/orders.sql": SQL,
            "models/marts/days.sql": SQL,
            "models/marts/said.sql": (
                f"/* @model\nchecksum: {{sample: 1, float_digits: 0}}\n*/\n{SQL}"
            ),
            "models/marts/on.sql": f"/* @model\nchecksum: on\n*/\n{SQL}",
            "models/marts/off.sql": f"/* @model\nchecksum: off\n*/\n{SQL}",
            "models/marts/true.sql": f"/* @model\nchecksum: true\n*/\n{SQL}",
            "models/marts/false.sql": f"/* @model\nchecksum: false\n*/\n{SQL}",
            "models/marts/by_yml.sql": SQL,
            "models/m.yml": "models:\n- name: by_yml\n  config: {checksum: off}\n",
            "models/marts/score.py": (
                "from xform import model\n\n\n@model(checksum={'sample': 0.5})\n"
                "def score(days):\n    return days\n"
            ),
        },
    )
    assert {name: asset.running.checksum for name, asset in found.items()} == {
        "staging.orders": Checksum(sample=0.01),
        "marts.days": Checksum(float_digits=6),
        "marts.said": Checksum(float_digits=0),
        "marts.on": EXACT,
        "marts.off": OFF,
        "marts.true": EXACT,
        "marts.false": OFF,
        "marts.by_yml": OFF,
        "marts.score": Checksum(sample=0.5),
    }


def test_all_forms_of_tests(tmp_path: Path) -> None:
    found = assets(
        tmp_path,
        {
            "models/s/a.sql": """/* @model
columns:
  - name: tail
    data_tests:
      - not_null: {name: has_tail}
      - unique: {severity: warn, where: "tail <> ''"}
      - accepted_values: {arguments: {values: [a, 1, true]}, config: {severity: warn}}
      - range: {min: 0}
      - relationships: {to: "ref('planes')", field: tailnum}
      - relationships: {to: "source('raw', 'planes')", field: tailnum}
tests:
  - unique: {columns: [a, b]}
  - row_count: {min: 1, max: 90}
*/ select 1 as tail
"""
        },
    )
    asset = found["s.a"]
    tests = asset.columns[0].tests
    assert [(test.kind.value, test.severity) for test in tests] == [
        ("not_null", "error"),
        ("unique", "warn"),
        ("accepted_values", "warn"),
        ("range", "error"),
        ("relationships", "error"),
        ("relationships", "error"),
    ]
    assert (tests[0].name, tests[1].where) == ("has_tail", "tail <> ''")
    assert [test.args for test in tests[2:]] == [
        {"values": ["a", 1, True]},
        {"min": 0},
        {"to": "planes", "field": "tailnum"},
        {"to": "raw.planes", "field": "tailnum"},
    ]
    assert all(test.columns == ("tail",) for test in tests)
    assert [(test.columns, test.args) for test in asset.tests] == [
        (("a", "b"), {}),
        ((), {"min": 1, "max": 90}),
    ]
    assert tests[3].span.line == 8


def test_sources_and_exposures(tmp_path: Path) -> None:
    found = assets(
        tmp_path,
        {
            "models/src.yml": """
version: 2
sources:
  - name: raw
    schema: landing
    tags: [in]
    tables:
      - {name: orders, identifier: orders_v2, columns: [{name: id, data_type: bigint}]}
      - {name: files, path: ./data/f.csv}
exposures:
  - name: kpi
    type: dashboard
    owner: {name: Ann, email: ann@shop.example}
    depends_on: [ref('orders'), raw.orders, "source('raw', 'files')"]
""",
            "data/f.csv": "a\n",
        },
    )
    orders, files, kpi = found["raw.orders"], found["raw.files"], found["exposure.kpi"]
    assert (orders.kind, orders.relation, orders.tags) == (
        Kind.EXTERNAL,
        ("landing", "orders_v2"),
        ("in",),
    )
    assert (files.relation, files.files, files.format) == (None, "data/f.csv", "csv")
    assert (kpi.owner, kpi.depends_on) == (
        "Ann <ann@shop.example>",
        ("orders", "raw.orders", "raw.files"),
    )
    assert kpi.config["type"] == "dashboard"


def test_header_end_is_where_the_sql_begins(tmp_path: Path) -> None:
    head = "-- licence é\r\n{# note #}\r\n/* @model\r\n kind: table\r\n*/"
    found = assets(tmp_path, {"models/a.sql": f"\ufeff{head}\r\nselect 1".encode()})
    assert found["main.a"].header_end == len(head)
    assert found["main.a"].kind is Kind.TABLE


def test_columns_count_in_characters_behind_crlf_and_bom() -> None:
    content = "\ufeff/* @model\r\ndescription: é\r\nownr: é\r\n*/ select 1".encode()
    _, (finding,) = declare("models/a.sql", content)
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (3, 1, 5)


def test_equal_content_is_not_declared_again(tmp_path: Path) -> None:
    first = loaded(tmp_path, {"models/a.sql": SQL, "models/b.sql": SQL})
    (tmp_path / "models/a.sql").write_text("/* @model kind: table */ select 2 as id")
    second, _ = load(ProjectFiles(tmp_path), first.declared)
    assert second.declared["models/b.sql"] is first.declared["models/b.sql"]
    assert second.declared["models/a.sql"] is not first.declared["models/a.sql"]
    kinds = {asset.name: asset.kind for asset in second.project.assets}
    assert kinds == {AssetName("main.a"): Kind.TABLE, AssetName("main.b"): Kind.VIEW}


def test_python_models_are_read_without_being_run(tmp_path: Path) -> None:
    found = assets(
        tmp_path,
        {
            "models/marts/score.py": """
import xform as x
raise SystemExit("never run")

@x.model(owner="ds", columns={"a": "bigint"}, inputs={"flights": "raw.flights"})
def score(flights: "duckdb.DuckDBPyRelation", planes: pl.DataFrame): ...
""",
            "models/marts/helper.py": "def model(): ...\n",
        },
    )
    (asset,) = found.values()
    assert asset.python is not None
    assert (asset.name, asset.kind, asset.language) == ("marts.score", Kind.TABLE, Language.PYTHON)
    assert [(each.name, each.asset, each.annotation) for each in asset.python.parameters] == [
        ("flights", "raw.flights", "duckdb.DuckDBPyRelation"),
        ("planes", "planes", "pl.DataFrame"),
    ]
    assert (asset.span.line, asset.span.column) == (6, 5)


def python_digest(root: Path, **files: str) -> tuple[str, tuple[str, ...]]:
    named: dict[str, str | bytes] = {
        path.replace("__", "/") + ".py": text for path, text in files.items()
    }
    asset = assets(root, named)["marts.m"]
    assert asset.python is not None
    return asset.python.digest, asset.python.modules


MODEL = "from xform import model\nfrom lib.a import f\n@model\ndef m(x):\n    return f(x)\n"


def test_the_digest_of_a_python_model_covers_what_it_imports(tmp_path: Path) -> None:
    lib = {"lib__a": "from . import b\ndef f(x): return b.g(x)", "lib__b": "def g(x): return x"}
    before, modules = python_digest(tmp_path, models__marts__m=MODEL, **lib)
    assert modules == ("lib/a.py", "lib/b.py")
    layout = MODEL.replace("return f(x)", '"""Doc."""\n\n    return (f( x ))  # comment')
    described = layout.replace("@model", "@model(description='d')")
    assert python_digest(tmp_path, models__marts__m=described, **lib)[0] == before
    lib["lib__b"] = "def g(x): return -x"
    assert python_digest(tmp_path, models__marts__m=MODEL, **lib)[0] != before


def test_a_module_that_appears_later_is_seen(tmp_path: Path) -> None:
    loaded(tmp_path, {"models/marts/m.py": MODEL})
    files = ProjectFiles(tmp_path)
    load(files)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/a.py").write_text("def f(x): ...")
    assert "lib/a.py" in ProjectFiles(tmp_path, files.snapshot).entries


def test_a_long_sum_in_python_is_no_deep_recursion(tmp_path: Path) -> None:
    total = " + ".join(["x"] * 900)
    text = f"from xform import model\n@model\ndef m(x):\n    return {total}\n"
    assert assets(tmp_path, {"models/m.py": text})["main.m"].python is not None


NOISE = st.sampled_from(
    [
        "/* @model",
        "*/",
        "\n",
        "kind: ",
        "columns:",
        "  id: ",
        "[",
        "]",
        "{",
        "}",
        "tests",
        "- ",
        "select 1",
        "--",
        "&a",
        "*a",
        ":",
        "'",
        '"',
        "#",
        "@model",
        "def f(a",
        "):",
        " ...",
        "\t",
        "é",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(NOISE, max_size=25), st.sampled_from(["a.sql", "a.yml", "a.py"]))
def test_no_content_makes_declare_raise(parts: list[str], name: str) -> None:
    text = "".join(parts)
    _, found = declare(f"models/{name}", text.encode())
    assert all(each.help and each.span.line <= text.count("\n") + 2 for each in found)


def test_a_broken_model_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "xform.toml").write_text("name = 'shop'")
    (tmp_path / "models/a.sql").write_bytes(b"select '\xff'")
    (tmp_path / "models/b.py").write_text("from xform import model\n@model\ndef b(:\n")
    result, found = load(ProjectFiles(tmp_path))
    assert [asset.name for asset in result.project.assets] == ["main.a", "main.b"]
    assert [each.code for each in found] == ["XF0140", "XF0160"]


def test_declarations_can_be_stored(tmp_path: Path) -> None:
    text = "/* @model\nmeta: {a: 99999999999999999999, b: 0xffffffffffffffffffff, c: 1.5}\n*/" + SQL
    declared = loaded(tmp_path, {"models/a.sql": text, "models/marts/m.py": MODEL}).declared
    stored = msgspec.msgpack.encode(declared)
    assert msgspec.msgpack.decode(stored, type=dict[str, Declared]) == declared

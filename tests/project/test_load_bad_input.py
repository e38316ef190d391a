"""Bad input, case by case: each gives exactly one diagnostic, with its place and next step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from xform.base.diagnostics import Diagnostic
from xform.host.files import ProjectFiles
from xform.project.load import load

SETTINGS = {"xform.toml": 'name = "shop"\n'}
SQL = "select 1 as id\n"
MODEL = {"models/staging/orders.sql": SQL}


@dataclass(frozen=True)
class Case:
    name: str
    files: dict[str, str | bytes]
    code: str
    line: int
    help: str
    """A part of the help text."""
    column: int | None = None
    path: str | None = None


def header(*lines: str) -> dict[str, str | bytes]:
    """A model whose header block holds these lines, the first being line 2 of the file."""
    return {"models/staging/orders.sql": "\n".join(["/* @model", *lines, "*/", SQL])}


def yml(*lines: str) -> dict[str, str | bytes]:
    return {**MODEL, "models/shop.yml": "\n".join([*lines, ""])}


def python(*lines: str) -> dict[str, str | bytes]:
    """A Python model; the first line given is line 2 of the file."""
    return {"models/marts/score.py": "\n".join(["from xform import model", *lines, ""])}


def toml(*lines: str) -> dict[str, str | bytes]:
    return {**MODEL, "xform.toml": "\n".join([*lines, ""])}


CASES = [
    # Settings of the project.
    Case("toml syntax", toml('name = "shop"', "profile = "), "XF0102", 2, "key = value"),
    Case("toml cut off", toml('name = "shop"', 'vars = {a = "b"'), "XF0102", 2, "syntax"),
    Case("unknown setting", toml('nmae = "shop"'), "XF0104", 1, "did you mean 'name'?", 1),
    Case("name not text", toml("", "name = 5"), "XF0105", 2, 'put quotes around it: "5"', 8),
    Case("vars not a table", toml("vars = [1]"), "XF0105", 1, "key: value"),
    Case("schema unusable", toml('default_schema = "a.b"'), "XF0106", 1, "letters"),
    Case("timeout not a duration", header("timeout: soon"), "XF0106", 2, "30s, 10m or 1h", 10),
    Case("timeout of nothing", toml('timeout = "0s"'), "XF0106", 1, "30s, 10m or 1h"),
    Case("timeout a list", header("timeout: [1]"), "XF0105", 2, "a duration"),
    Case("checksum a word", header("checksum: some"), "XF0106", 2, "off, or {sample: 0.01", 11),
    Case("checksum a number", header("checksum: 1"), "XF0105", 2, "{sample: 0.01", 11),
    Case("checksum a list", header("checksum: [off]"), "XF0105", 2, "key: value", 11),
    Case("checksum misspelt", header("checksum: {sampel: 0.1}"), "XF0104", 2, "'sample'", 12),
    Case("sample of none", header("checksum: {sample: 0}"), "XF0106", 2, "checksum: off", 20),
    Case("sample of all and more", toml("checksum = {sample = 10}"), "XF0106", 1, "such as 0.01"),
    Case(
        "sample no number",
        yml("models:", "- name: orders", "  checksum: {sample: 1%}"),
        "XF0105",
        3,
        "such as 0.01",
    ),
    Case("digits below zero", header("checksum: {float_digits: -1}"), "XF0106", 2, "0 or more"),
    Case("digits too many", header("checksum: {float_digits: 16}"), "XF0106", 2, "15 or less"),
    Case(
        "digits no number",
        python("@model(checksum={'float_digits': 1.5})", "def score(): ..."),
        "XF0105",
        2,
        "a whole number",
    ),
    Case("retries below zero", header("retries: -1"), "XF0106", 2, "0 or more"),
    Case("retries misspelt", header("retries: {time: 3}"), "XF0104", 2, "did you mean 'times'?"),
    Case("docs not yes or no", header("persist_docs: sometimes"), "XF0105", 2, "true or false"),
    Case("grants to a number", header("grants: {select: 5}"), "XF0105", 2, "a list of names"),
    Case("hook not text", header("before: 5"), "XF0105", 2, 'put quotes around it: "5"'),
    Case("hooks misspelt", toml("hooks = {onstart = 'x'}"), "XF0104", 1, "'on_start'"),
    Case("history of nothing", toml("history = {runs = 0}"), "XF0106", 1, "1 or more"),
    Case("retries wait", toml("retries = {wait = true}"), "XF0105", 1, "a duration"),
    Case(
        "defaults with unknown key",
        toml("[defaults.'staging/**']", "owner = 'ann'", "ower = 'ann'"),
        "XF0104",
        3,
        "did you mean 'owner'?",
        1,
    ),
    Case(
        "defaults that match nothing",
        toml('defaults = {"stagin/**" = {owner = "ann"}}'),
        "XF0114",
        1,
        "paths under models/",
        13,
    ),
    Case(
        "two settings files",
        {**SETTINGS, "pyproject.toml": "[tool.xform]\nname = 'shop'\n"},
        "XF0103",
        1,
        "one of the two",
        path="xform.toml",
    ),
    Case(
        "no settings",
        {"xform.toml": b"", "pyproject.toml": "[project]\nname = 'x'\n[tool]\nxform = 3\n"},
        "XF0105",
        4,
        "key: value",
    ),
    # The header block.
    Case("header open", {"models/a.sql": "\n/* @model\nkind: table\nselect 1"}, "XF0120", 2, "*/"),
    Case("header empty", header("# nothing"), "XF0121", 1, "delete it", 1),
    Case("header a list", header("- kind: table"), "XF0122", 2, "key: value", 1),
    Case(
        "header below the query",
        {"models/a.sql": f"{SQL}/* @model\nkind: table */"},
        "XF0123",
        2,
        "before its SQL",
    ),
    Case("header cut key", header("kind: table", "owner"), "XF0110", 3, "key: value"),
    Case("header tab", header("columns:", "\tid: int"), "XF0110", 3, "spaces"),
    Case("header colon", header("description: a: b"), "XF0110", 2, "quotes"),
    Case("header open bracket", header("tags: [a, b", "owner: x"), "XF0110", 3, "bracket"),
    Case("header open quote", header('owner: "ann'), "XF0110", 2, "close the quote"),
    Case("header template", header("owner: {{ x }}"), "XF0110", 2, "quotes"),
    Case("key twice", header("owner: a", "kind: table", "owner: b"), "XF0111", 4, "keep one", 1),
    Case(
        "key and synonym",
        header("kind: table", "materialized: view"),
        "XF0108",
        3,
        "keep one of the two",
    ),
    Case("deep", header("meta: " + "[" * 60 + "]" * 60), "XF0112", 2, "flatten"),
    Case(
        "alias bomb",
        header(
            "meta:",
            "  a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]",
            *(
                f"  {y}: &{y} [{', '.join([f'*{x}'] * 9)}]"
                for x, y in zip("abcdefg", "bcdefgh", strict=True)
            ),
        ),
        "XF0112",
        8,
        "aliases",
    ),
    Case("alias in itself", header("meta: &m {a: *m}"), "XF0112", 2, "anchor"),
    Case("alias unknown", header("owner: *ann"), "XF0110", 2, "&ann", 8),
    Case("yaml object", header("meta: {a: !!python/none x}"), "XF0113", 2, "take it off"),
    Case("two documents", header("kind: table", "---", "owner: a"), "XF0110", 3, "'---'"),
    Case("unknown key", header("kind: table", "ownr: ann"), "XF0104", 3, "mean 'owner'", 1),
    Case("unknown key far", header("zzz: ann"), "XF0104", 2, "known are access, after"),
    Case("unknown kind", header("kind: tabel"), "XF0106", 2, "did you mean 'table'?", 7),
    Case("kind seed", header("kind: seed"), "XF0106", 2, "under seeds/"),
    Case("kind later", header("kind: materialized_view"), "XF0107", 2, "use 'view'", 7),
    Case("incremental by nothing", header("kind: incremental"), "XF0109", 2, "time_column"),
    Case("snapshot", header("materialized: snapshot"), "XF0109", 2, "unique_key"),
    Case("tags wrong", header("tags: {a: b}"), "XF0105", 2, "a list of names"),
    Case("tag a number", header("tags: [a, 5]"), "XF0105", 2, 'around it: "5"', 11),
    Case("meta wrong", header("meta: text"), "XF0105", 2, "key: value"),
    Case("owner empty", header("owner: ''"), "XF0106", 2, "fill it in"),
    Case("access wrong", header("access: publc"), "XF0106", 2, "'public'"),
    Case("contract wrong", header("contract: enforced"), "XF0105", 2, "true or false"),
    Case("contract key", header("contract: {enforce: true}"), "XF0104", 2, "'enforced'"),
    Case("deprecation wrong", header("deprecation_date: soon"), "XF0105", 2, "2026-01-31"),
    Case("volatile wrong", header("volatile: never"), "XF0106", 2, "rebuild, ignore"),
    # Columns and tests.
    Case("columns text", header("columns: id"), "XF0105", 2, "name: type"),
    Case("column number", header("columns: {id: 5}"), "XF0105", 2, 'around it: "5"', 15),
    Case("column key", header("columns:", "  id: {tpye: int}"), "XF0104", 3, "'type'", 8),
    Case(
        "type with a comma",
        header("columns:", "  id: {type: decimal(10, 2)}"),
        "XF0104",
        3,
        'quotes around it: "decimal(10, 2)"',
        14,
    ),
    Case("column twice", header("columns: {id: int, ID: int}"), "XF0132", 2, "into one", 20),
    Case("column without name", header("columns: [{type: int}]"), "XF0109", 2, "add 'name"),
    Case("test unknown", header("columns: {id: {tests: [a.uniqe]}}"), "XF0130", 2, "'unique'", 24),
    Case("test of dbt_utils", header("tests: [{accepted_range: {}}]"), "XF0130", 2, "a column"),
    Case("test of a package", header("tests: [{dbt_utils.at_least: {}}]"), "XF0130", 2, "known"),
    Case(
        "severity of a row count",
        header("tests: [{row_count: {min: 1, severity: wran}}]"),
        "XF0106",
        2,
        "warn",
    ),
    Case(
        "blocks",
        header("tests: [{row_count: {min: 1, severity: warn, blocking: true}}]"),
        "XF0131",
        2,
        "severity: error",
    ),
    Case(
        "threshold", header("tests: [{row_count: {min: 1, error_if: '10'}}]"), "XF0106", 2, "> 10"
    ),
    Case(
        "threshold as a number",
        header("tests: [{row_count: {min: 1, warn_if: 10}}]"),
        "XF0105",
        2,
        "in quotes",
    ),
    Case(
        "share below 0", header("tests: [{row_count: {min_share: -1}}]"), "XF0106", 2, "0 or more"
    ),
    Case(
        "age without a unit",
        header("tests: [{freshness: {field: a, max_age: long}}]"),
        "XF0106",
        2,
        "1h",
    ),
    Case("age without a field", header("tests: [{freshness: 1d}]"), "XF0131", 2, "field"),
    Case(
        "age in dbt's form",
        header("tests: [{freshness: {field: a, warn_after: {count: 1}}}]"),
        "XF0109",
        2,
        "period",
    ),
    Case(
        "recency without an age",
        header("tests: [{recency: {field: a, interval: 1}}]"),
        "XF0131",
        2,
        "datepart",
    ),
    Case("drift of nothing", header("columns: {a: {tests: [drift]}}"), "XF0131", 2, "mean"),
    Case("no pattern", header("columns: {a: {tests: [{regex: ''}]}}"), "XF0106", 2, "fill it in"),
    Case("no expression", header("tests: [expression]"), "XF0131", 2, "add 'expression"),
    Case("test misplaced", header("tests: [accepted_values]"), "XF0130", 2, "a column: move"),
    Case(
        "row_count of a column", header("columns: {a: {tests: [row_count]}}"), "XF0130", 2, "whole"
    ),
    Case("test no name", header("columns: {a: {tests: [5]}}"), "XF0105", 2, "write not_null"),
    Case(
        "test argument unknown",
        header("columns:", "  a: {tests: [{range: {mim: 0, max: 1}}]}"),
        "XF0104",
        3,
        "'min'",
        24,
    ),
    Case(
        "values missing", header("columns: {a: {tests: [accepted_values]}}"), "XF0131", 2, "values"
    ),
    Case(
        "values no list",
        header("columns: {a: {tests: [{accepted_values: {values: x}}]}}"),
        "XF0105",
        2,
        "[a, b]",
    ),
    Case("range empty", header("columns: {a: {tests: [range]}}"), "XF0131", 2, "min"),
    Case(
        "range mistyped",
        header("columns: {a: {tests: [{range: {min: [1]}}]}}"),
        "XF0105",
        2,
        "a number or a date",
    ),
    Case(
        "relationship without field",
        header("columns: {a: {tests: [{relationships: {to: planes}}]}}"),
        "XF0131",
        2,
        "add 'field",
        24,
    ),
    Case(
        "relationship to nothing",
        header("columns: {a: {tests: [{relationships: {to: 'the planes', field: a}}]}}"),
        "XF0131",
        2,
        "ref('name')",
    ),
    Case("unique of nothing", header("tests: [unique]"), "XF0131", 2, "columns"),
    Case("row_count text", header("tests: [{row_count: {min: 'a'}}]"), "XF0105", 2, "whole number"),
    Case("row_count below", header("tests: [{row_count: {min: -1}}]"), "XF0106", 2, "0 or more"),
    Case(
        "severity",
        header("columns: {a: {tests: [{unique: {severity: fatal}}]}}"),
        "XF0106",
        2,
        "error, warn",
    ),
    # Files.
    Case("not utf-8", {"models/a.sql": b"select 1\n as \xe9t\xe9"}, "XF0140", 2, "UTF-8", 5),
    Case("nul", {"models/a.sql": b"select\n \x00 1"}, "XF0141", 2, "UTF-16", 2),
    Case("empty model", {"models/a.sql": ""}, "XF0142", 1, "write a SELECT"),
    Case("only comments", {"models/a.sql": "-- to do\n/* all */ ;\n"}, "XF0142", 2, "SELECT"),
    Case("only a header", {"models/a.sql": "/* @model kind: table */"}, "XF0142", 1, "SELECT"),
    Case("dotted name", {"models/staging/a.b.sql": SQL}, "XF0144", 1, "rename the file"),
    Case("bad folder", {"models/my staging/a.sql": SQL}, "XF0144", 1, "rename the folder"),
    Case("store schema", {"models/_xform/a.sql": SQL}, "XF0144", 1, "another name"),
    Case(
        "model twice",
        {"models/s/x/a.sql": SQL, "models/s/y/a.sql": SQL},
        "XF0145",
        1,
        "models/s/x/a.sql",
        path="models/s/y/a.sql",
    ),
    Case("case", {"models/s/a.sql": SQL, "models/S/A.sql": SQL}, "XF0145", 1, "rename"),
    Case("model and seed", {"models/s/a.sql": SQL, "seeds/s/a.csv": "x\n"}, "XF0145", 1, "rename"),
    Case(
        "source and model",
        {
            **yml("sources:", "  - name: staging", "    tables:", "      - name: orders"),
        },
        "XF0145",
        4,
        "models/staging/orders.sql",
        15,
    ),
    # yml files.
    Case("yml text", yml("hello"), "XF0122", 1, "models:"),
    Case("yml section", yml("version: 2", "modles: []"), "XF0104", 2, "'models'"),
    Case("yml later", yml("snapshots: []"), "XF0107", 1, "take it out"),
    Case("yml no list", yml("models: {name: orders}"), "XF0105", 1, "'- '"),
    Case("yml no name", yml("models:", "  - owner: ann"), "XF0109", 2, "add 'name", 5),
    Case("group twice", yml("groups:", *["- {name: a, owner: b}"] * 2), "XF0182", 3, "rename", 10),
    Case("group without owner", yml("groups: [{name: a}]"), "XF0109", 1, "add 'owner", 10),
    Case(
        "version without a file",
        yml("models:", "- name: orders", "  versions:", "  - v: 2"),
        "XF0183",
        4,
        "orders_v2.sql",
        8,
    ),
    Case(
        "version twice",
        yml("models:", "- name: x", "  versions:", "  - {v: 1, defined_in: orders}", "  - {v: 1}"),
        "XF0184",
        5,
        "another number",
        9,
    ),
    Case(
        "latest that is none",
        yml(
            "models:",
            "- name: x",
            "  latest_version: 3",
            "  versions: [{v: 1, defined_in: orders}]",
        ),
        "XF0106",
        3,
        "one of 1",
        19,
    ),
    Case(
        "version no number",
        yml("models: [{name: orders, versions: [{v: 1.5}]}]"),
        "XF0105",
        1,
        "word",
    ),
    Case("patch unknown", yml("models: [{name: odrers}]"), "XF0150", 1, "mean 'orders'", 17),
    Case("patch of other sort", yml("seeds: [{name: orders}]"), "XF0150", 1, "to 'models:'"),
    Case(
        "patch twice",
        yml("models:", "  - name: orders", "  - name: staging.orders"),
        "XF0151",
        3,
        "into one",
    ),
    Case(
        "patch ambiguous",
        {**yml("models: [{name: orders}]"), "models/marts/orders.sql": SQL},
        "XF0152",
        1,
        "'marts.orders'",
    ),
    Case("source without tables", yml("sources: [{name: raw}]"), "XF0109", 1, "add 'tables"),
    Case(
        "source file missing",
        yml("sources: [{name: raw, tables: [{name: a, path: data/a.csv}]}]"),
        "XF0146",
        1,
        "relative to the project",
        48,
    ),
    Case(
        "source file outside",
        yml("sources: [{name: raw, tables: [{name: a, path: ../a.csv}]}]"),
        "XF0106",
        1,
        "relative",
    ),
    Case(
        "source file format",
        {
            **yml("sources: [{name: raw, tables: [{name: a, path: data/a.txt}]}]"),
            "data/a.txt": "x",
        },
        "XF0147",
        1,
        "format",
    ),
    Case(
        "exposure type",
        yml("exposures: [{name: kpi, type: dashbord}]"),
        "XF0106",
        1,
        "'dashboard'",
    ),
    Case(
        "exposure reads no asset",
        yml("exposures: [{name: kpi, depends_on: ['ref(orders)']}]"),
        "XF0106",
        1,
        "ref('name')",
    ),
    # Python models.
    Case("python syntax", python("@model", "def f(:", "  pass"), "XF0160", 3, "syntax"),
    Case(
        "two models",
        python("@model", "def f(a): ...", "@model", "def g(a): ..."),
        "XF0161",
        5,
        "a file of its own",
        5,
    ),
    Case(
        "computed setting", python("@model(owner=me())", "def f(a): ..."), "XF0162", 2, "value", 14
    ),
    Case("settings by **", python("@model(**x)", "def f(a): ..."), "XF0162", 2, "one by one"),
    Case("positional", python("@model('x')", "def f(a): ..."), "XF0162", 2, "file's name", 8),
    Case(
        "python key",
        python("@model(", "  ownr='é', kind='table')", "def f(a): ..."),
        "XF0104",
        3,
        "'owner'",
        3,
    ),
    Case("python view", python("@model(kind='view')", "def f(a): ..."), "XF0164", 2, "'table'", 13),
    Case(
        "python view by yml",
        {
            **python("@model", "def f(a): ..."),
            "models/marts/m.yml": "models: [{name: score, kind: view}]",
        },
        "XF0164",
        1,
        "'table'",
    ),
    Case("star parameter", python("@model", "def f(*a): ..."), "XF0163", 3, "of its own", 8),
    Case("default", python("@model", "def f(a=1): ..."), "XF0163", 3, "take it out"),
    Case("async", python("@model", "async def f(a): ..."), "XF0163", 3, "'async'", 11),
    Case(
        "async behind a carriage return alone",
        {"models/p.py": "\rfrom xform import model\n@model\nasync def f(a): ...\n"},
        "XF0163",
        3,
        "'async'",
        11,
    ),
    Case(
        "input unknown",
        python("@model(inputs={'orders': 's.o'})", "def f(order): ..."),
        "XF0165",
        2,
        "did you mean 'order'?",
    ),
]


def loaded(root: Path, files: dict[str, str | bytes]) -> list[Diagnostic]:
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(ProjectFiles(root))[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_diagnostic_with_its_place_and_next_step(case: Case, tmp_path: Path) -> None:
    found = loaded(tmp_path, {**SETTINGS, **case.files})
    assert [(each.code, each.span.line) for each in found] == [(case.code, case.line)], found
    (diagnostic,) = found
    assert case.help in diagnostic.help
    assert diagnostic.help
    assert diagnostic.span.path == (case.path or diagnostic.span.path)
    assert case.column in (None, diagnostic.span.column), diagnostic


def test_every_case_stands_once() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 40


def test_a_project_without_settings_is_told_to_start_one(tmp_path: Path) -> None:
    found = loaded(tmp_path, dict(MODEL))
    assert [each.code for each in found] == ["XF0101"]
    assert "xform init" in found[0].help

"""Whatever stands in header blocks, yml, settings, profiles and Python models, a project is loaded,
with diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from broken_texts import spoiled
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_findings import check_findings

from xform.base.diagnostics import Diagnostic
from xform.base.hashing import digest_bytes
from xform.project.files import FileEntry
from xform.project.load import load

SQL = "select 1 as id\n"
HEADERS = (
    """/* @model
kind: incremental
time_column: at
owner: a@b.example
tags: [x, 'y']
*/
select 1 as id
""",
    """/* @model
columns:
  id: {type: bigint, tests: [not_null, unique]}
  n:
    description: |
      in EUR
    tests:
      - range: {min: 0, max: 1.5e3}
*/
select 1 as id, 2 as n
""",
    """-- first
/* @model
meta: &a {x: 1, y: [*a, ~, null, 2024-01-01]}
grain: [id]
description: >-
  folded
  text
*/ select 2 as id
""",
)
YML = (
    """version: 2
sources:
  - name: raw
    schema: r
    tables:
      - name: t
        columns:
          - {name: id, data_type: bigint, data_tests: [not_null]}
""",
    """models:
  - name: orders
    description: 'it''s'
    config: {materialized: table}
    columns:
      - name: id
        tests:
          - accepted_values: {values: [1, 2]}
          - relationships: {to: ref('orders'), field: id}
exposures:
  - name: board
    type: dashboard
    owner: {name: a, email: a@b.example}
    depends_on: [ref('orders')]
""",
    """a: &a [1, 2]
b: *a
? c
: d
---
models: !!python/object x
""",
)
TOML = (
    """name = "shop"
profile = 'shop'
default_schema = "main"
[vars]
start = 2024-01-01
n = 1.5
[defaults."staging/**"]
kind = "view"
tags = ["a", 'b']
meta = {x = 1, y = [1, 2]}
""",
    """dialect = "duckdb"
vars = { a = 1e9, b = [[1], ["x"]], c = 07:32:00 }
[[list]]
a.b.c = true
[list.sub]
x = 0x1f
""",
)
PYTHON = (
    """from xform import model

@model(kind='table', columns={'id': 'bigint'}, owner="a")
def p(orders: 'polars.DataFrame', t):
    return orders
""",
    """import xform
X = 1

@xform.model(kind='view', tags=['a', *['b']])
async def q(a, /, *, b=1): ...
""",
)
WORDS = (
    ":", "- ", "? ", "&a", "*a", "!!", "!x", "|", ">", "---", "...", "%YAML 1.2", "[", "]", "{",
    "}", ", ", "'", '"', '"' * 3, "~", "null", "yes", "1", "0o7", ".inf", "2024-01-01", "<<: *a",
    "=", "[[", "]]", "[a.b]", "name", "kind", "columns", "tests", "models", "sources", "tables",
    "config", "\n", "  ", "\n  - ", "*/", "/* @model", "@model", "def ", "lambda: 0", "f'{x}'",
    "# ", "meta", "tags",
)  # fmt: skip
FILES = st.one_of(
    st.tuples(st.just("models/staging/m.sql"), spoiled(HEADERS, WORDS)),
    st.tuples(st.just("models/shop.yml"), spoiled(YML, WORDS)),
    st.tuples(st.just("xform.toml"), spoiled(TOML, WORDS)),
    st.tuples(st.just("models/staging/p.py"), spoiled(PYTHON, WORDS)),
)


class Held:
    """A project's files in memory, as `project.files.WideFiles`."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._contents = {path: text.encode("utf-8", "replace") for path, text in files.items()}
        self.entries = {
            path: FileEntry(path, 1, len(content), digest_bytes(content))
            for path, content in self._contents.items()
        }
        self.diagnostics: tuple[Diagnostic, ...] = ()

    def read(self, path: str) -> bytes:
        return self._contents[path]

    def let_go(self) -> None:
        pass

    def widen(self, paths: Iterable[str]) -> bool:
        return False


def check_project(file: tuple[str, str]) -> None:
    """A sound project with one file that may be anything."""
    path, text = file
    written = {"xform.toml": 'name = "shop"\n', "models/staging/orders.sql": SQL, path: text}
    loaded, found = load(Held(written))
    assert loaded.project.name
    check_findings(written, found)


@given(file=FILES)
def test_a_project_with_any_file_is_loaded(file: tuple[str, str]) -> None:
    check_project(file)


@pytest.mark.deep
@settings(max_examples=50_000)
@given(file=FILES)
def test_fifty_thousand_files_are_loaded(file: tuple[str, str]) -> None:
    check_project(file)

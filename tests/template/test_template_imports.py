"""Files without Jinja never meet it."""

from __future__ import annotations

import subprocess
import sys

PLAIN = """
import sys
from xform.base.names import AssetName
from xform.template.macros import load_macros
from xform.template.render import render
from xform.template.reads import still_valid
from xform.template.scope import Scope
scope = Scope(AssetName("main.m"))
library, _ = load_macros({}, {"f": len})
rendered, diagnostics = render("m.sql", "select '{' as a", scope, library)
assert rendered is not None and still_valid(rendered.reads, scope)
print(",".join(sorted({"jinja2", "markupsafe", "sqlglot", "duckdb", "rich"} & set(sys.modules))))
"""


def test_plain_sql_imports_no_jinja() -> None:
    run = subprocess.run([sys.executable, "-c", PLAIN], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""

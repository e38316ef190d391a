"""What plain output loads: nothing that takes time."""

from __future__ import annotations

import subprocess
import sys


def test_plain_output_does_not_load_rich() -> None:
    program = """
import io, sys
from xform.console import diagnostics, lineage, listing, picture, plan, tables, why
from xform.console.progress import Progress
from xform.console.terminal import Terminal
from xform.run.events import NodeDone, NodeStart, RunEnd, RunStart
with Progress(Terminal(io.StringIO(), io.StringIO(), {"FORCE_COLOR": "1"})) as progress:
    progress(RunStart("r", "prod", ("m.a",), 1, ""))
    progress(NodeStart("m.a", "", ""))
    progress(NodeDone("m.a", "success", 1, 0.1, "b", ""))
    progress(RunEnd("r", "success", 1, 0, 0, 0, 0.1, ""))
heavy = {"rich", "typer", "sqlglot", "duckdb", "networkx", "jinja2", "yaml"}
print(sorted(heavy & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")

"""A project of ten models in a folder, edited and compiled again and again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xform.app.compiling.compiled import Compilation
from xform.app.workspace import Options, Workspace

PROFILES = """\
demo:
  target: dev
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, threads: 2}
"""

FILES = {
    "pyproject.toml": '[tool.xform]\nname = "demo"\nprofile = "demo"\n',
    "profiles.yml": PROFILES,
    "seeds/raw/order_rows.csv": "id,customer,amount\n1,1,10\n2,1,20\n3,2,5\n",
    "seeds/raw/people.csv": "id,name\n1,ann\n2,bob\n",
    "macros/money.sql": "{% macro cents(x) %}({{ x }} * 100){% endmacro %}\n",
    "models/staging/stg_orders.sql": "select id as order_id, customer, amount\n"
    "from raw.order_rows\n",
    "models/staging/stg_customers.sql": "select id as customer_id, name from raw.people\n",
    "models/marts/orders.sql": "/* @model\nkind: table\n*/\n"
    "select order_id, customer, amount from stg_orders\n",
    "models/marts/paid.sql": "select order_id, amount from orders where amount > 5\n",
    "models/marts/customers.sql": "select c.customer_id, c.name, sum(o.amount) as total\n"
    "from stg_customers as c join orders as o on o.customer = c.customer_id group by all\n",
    "models/marts/names.sql": "select name from customers\n",
    "models/marts/in_cents.sql": "select order_id, {{ cents('amount') }} as cents from orders\n",
    "models/marts/top.sql": "select order_id from paid where amount > {{ var('least', 1) }}\n",
    "models/marts/tagged.sql": "select order_id, '{{ env_var('TAG', 'none') }}' as tag from paid\n",
    "models/marts/everything.sql": "select * from orders\n",
    "models/marts/marts.yml": "models:\n  - name: names\n    description: who they are\n",
}


class Site:
    """A folder with a project. Each `open` is a new process's view of it."""

    def __init__(self, root: Path, files: Mapping[str, str] = FILES) -> None:
        self.root = root
        for path, text in files.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text, path
        self.write(path, text.replace(old, new))

    def open(
        self,
        variables: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Workspace:
        return Workspace(Options(self.root, variables=variables or {}, **options), environ or {})

    def compile(self, **options: Any) -> Compilation:
        return self.open(**options).compile()

    def ran(self, **options: Any) -> set[tuple[str, str]]:
        """Compile, and say what was computed; nothing may be wrong."""
        workspace = self.open(**options)
        compilation = workspace.compile()
        assert [str(found) for found in compilation.diagnostics] == []
        assert len(workspace.ran) == len(set(workspace.ran)), "nothing is computed twice"
        return set(workspace.ran)

    @property
    def index(self) -> Path:
        (found,) = (self.root / ".xform" / "cache").glob("index-*")
        return found


def codes(compilation: Compilation) -> list[tuple[str, str, int]]:
    """(code, path, line) of each diagnostic."""
    return [(d.code, d.span.path, d.span.line) for d in compilation.diagnostics]

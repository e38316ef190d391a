"""What may read what: groups with owners, private assets, and models that will go."""

from __future__ import annotations

from pathlib import Path

import pytest

from xform.app.compiling.compiled import Compilation
from xform.app.workspace import Options, Workspace
from xform.base.names import AssetName

FILES = {
    "xform.toml": 'name = "shop"\n',
    "profiles.yml": "shop:\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n",
    "models/groups.yml": (
        "groups:\n"
        "  - {name: finance, owner: {name: Ann, email: ann@shop.example}}\n"
        "  - {name: sales, owner: bo@shop.example}\n"
    ),
    "models/shop/ledger.sql": (
        "/* @model\ngroup: finance\naccess: private\n*/\nselect 1 as id, 2 as amount\n"
    ),
}


def compiled(root: Path, files: dict[str, str]) -> Compilation:
    for path, text in {**FILES, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Workspace(Options(project_dir=root), {}).compile()


def said(root: Path, files: dict[str, str]) -> list[tuple[str, str, str]]:
    """(code, place, places besides) of what is said."""
    return [
        (found.code, str(found.span), " ".join(str(label.span) for label in found.labels))
        for found in compiled(root, files).diagnostics
    ]


READS = "models/shop/total.sql"
DECLARED = "models/shop/ledger.sql:3:9"


def header(*lines: str) -> str:
    return "\n".join(("/* @model", *lines, "*/\n"))


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({READS: "select id from ledger\n"}, f"{READS}:1:16"),
        ({READS: "select id from {{ ref('ledger') }}\n"}, f"{READS}:1:19"),
        ({READS: header("group: sales") + "select id from ledger\n"}, f"{READS}:4:16"),
        (
            {
                "models/shop/scored.py": (
                    "from xform import model\n\n\n@model\ndef scored(ledger):\n    return ledger\n"
                )
            },
            "models/shop/scored.py:5:12",
        ),
        (
            {
                "models/board.yml": (
                    "exposures:\n  - name: board\n    type: dashboard\n    depends_on: [ledger]\n"
                )
            },
            "models/board.yml:2:11",
        ),
        (
            {
                READS: header(
                    "columns:", "  id: {tests: [{relationships: {to: ledger, field: id}}]}"
                )
                + "select 1 as id\n"
            },
            f"{READS}:3:17",
        ),
    ],
    ids=["a name", "ref", "another group", "Python", "an exposure", "a test"],
)
def test_private_is_read_by_its_group_alone(
    tmp_path: Path, files: dict[str, str], place: str
) -> None:
    assert said(tmp_path, files) == [("XF0461", place, DECLARED)]


@pytest.mark.parametrize(
    "files",
    [
        {READS: header("group: finance") + "select id from ledger\n"},
        {
            READS: "select id from open_ledger\n",
            "models/shop/open_ledger.sql": header("group: finance") + "select id from ledger\n",
        },
        {
            "models/shop/own.sql": header("access: private") + "select 1 as id\n",
            READS: "select id from own\n",
        },
    ],
    ids=["its group", "what the group opens", "no group is one group"],
)
def test_what_access_allows(tmp_path: Path, files: dict[str, str]) -> None:
    assert said(tmp_path, files) == []


def test_access_may_be_set_for_a_folder(tmp_path: Path) -> None:
    settings = FILES["xform.toml"] + '[defaults."inside/**"]\naccess = "private"\ngroup = "sales"\n'
    files = {
        "xform.toml": settings,
        "models/inside/a.sql": "select 1 as id\n",
        "models/inside/b.sql": "select id from a\n",
        READS: "select id from b\n",
    }
    assert [(code, at) for code, at, _ in said(tmp_path, files)] == [("XF0461", f"{READS}:1:16")]


def test_access_may_be_set_by_a_template(tmp_path: Path) -> None:
    files = {
        "models/shop/a.sql": "{{ config(access='private', group='sales') }}select 1 as id\n",
        READS: "select id from a\n",
    }
    (found,) = compiled(tmp_path, files).diagnostics
    assert (found.code, str(found.labels[0].span)) == ("XF0461", "models/shop/a.sql:1:4")


def test_a_group_owns_what_names_no_owner(tmp_path: Path) -> None:
    files = {
        READS: header("group: finance", "owner: cy@shop.example") + "select 1 as id\n",
        "models/shop/b.sql": "{{ config(group='sales') }}select 1 as id\n",
    }
    found = compiled(tmp_path, files).declared
    owners = {name: found[AssetName(f"shop.{name}")].owner for name in ("ledger", "total", "b")}
    assert owners == {
        "ledger": "Ann <ann@shop.example>",
        "total": "cy@shop.example",
        "b": "bo@shop.example",
    }


def test_readers_of_what_will_go_are_told(tmp_path: Path) -> None:
    files = {
        "models/shop/old.sql": header("deprecation_date: 2027-01-31") + "select 1 as id\n",
        READS: "select id from old\n",
    }
    (found,) = compiled(tmp_path, files).diagnostics
    assert (found.code, str(found.severity)) == ("XF0462", "warning")
    assert found.message == ("'shop.total' reads 'shop.old', which may be gone from 2027-01-31 on")
    assert str(found.labels[0].span) == "models/shop/old.sql:2:19"

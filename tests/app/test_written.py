"""What `compile` wrote is not made again while it is there as it was left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from compile_steps import Site

import xform.app.output.artefacts
from xform.app.output.forms import asset_form
from xform.app.output.written import NAME
from xform.cli.commands.compile import run

SQL = "target/compiled/models/marts/orders.sql"


class Writes:
    """Counts how often artefacts are made, and notes the assets whose forms are."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.forms: list[str] = []
        write, form = xform.app.output.artefacts.write_artefacts, asset_form

        def counted(*args: Any) -> object:
            self.count += 1
            return write(*args)

        def noted(compilation: Any, name: Any, lineage: Any) -> object:
            self.forms.append(name)
            return form(compilation, name, lineage)

        patch.setattr(xform.app.output.artefacts, "write_artefacts", counted)
        patch.setattr(xform.app.output.artefacts, "asset_form", noted)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Writes:
    monkeypatch.setattr("xform.host.files.RACY_NS", 0)
    monkeypatch.setattr("xform.app.remembering.circumstances.RACY_NS", 0)
    return Writes(monkeypatch)


def compile_(site: Site) -> None:
    values = {item.name: item.default for item in run.parameters}
    with pytest.raises(Exception, match="0"):
        run(**{**values, "project_dir": site.root})


def content(site: Site) -> dict[str, bytes]:
    target = site.root / "target"
    return {str(p.relative_to(target)): p.read_bytes() for p in target.rglob("*") if p.is_file()}


@pytest.fixture(params=[0, 2_000_000_000], ids=["settled", "just written"])
def site(
    tmp_path: Path,
    writes: Writes,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Site:
    """A project that has been compiled, with what was written."""
    monkeypatch.setattr("xform.app.output.written.RACY_NS", request.param)
    site = Site(tmp_path)
    compile_(site)
    assert writes.count == 1
    return site


def test_what_is_there_is_not_made_again(site: Site, writes: Writes) -> None:
    before = content(site)
    compile_(site)
    compile_(site)
    assert writes.count == 1
    assert content(site) == before


def edited(site: Site) -> None:
    site.write(SQL, "select 1\n")


def edited_in_secret(site: Site) -> None:
    """Size and time as they were."""
    place = site.root / SQL
    before = place.stat()
    text = place.read_text()
    place.write_text(text.replace("select", "SELECT"))
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))


def removed(site: Site) -> None:
    (site.root / SQL).unlink()


def another(site: Site) -> None:
    site.write("target/compiled/models/marts/old.sql", "select 1\n")


def no_manifest(site: Site) -> None:
    (site.root / "target/manifest.json").unlink()


def no_target(site: Site) -> None:
    shutil.rmtree(site.root / "target")


def damaged_note(site: Site) -> None:
    place = site.root / ".xform/cache" / NAME
    place.write_bytes(place.read_bytes()[:-3])


def a_model_edited(site: Site) -> None:
    site.replace("models/marts/orders.sql", "amount", "amount + 0 as amount")


def a_description(site: Site) -> None:
    site.replace("models/marts/marts.yml", "who they are", "who")


@pytest.mark.parametrize(
    "change",
    [
        edited,
        edited_in_secret,
        removed,
        another,
        no_manifest,
        no_target,
        damaged_note,
        a_model_edited,
        a_description,
    ],
)
def test_what_is_not_as_it_was_left_is_made_anew(
    site: Site, writes: Writes, change: Callable[[Site], None]
) -> None:
    change(site)
    compile_(site)
    assert writes.count == 2
    made = content(site)
    shutil.rmtree(site.root / "target")
    shutil.rmtree(site.root / ".xform")
    compile_(site)
    assert content(site) == made


def test_a_variable_of_the_environment_counts(
    site: Site, writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAG", "another")
    compile_(site)
    assert writes.count == 2
    assert b"another" in content(site)["compiled/models/marts/tagged.sql"]


ORDERS = "models/marts/orders.sql"
CUSTOMERS = "models/marts/customers.sql"
EDITS = {
    "one": [(ORDERS, "amount", "amount + 1 as amount")],
    "its text alone": [(ORDERS, "select", "select /* said */")],
    "what many read": [("models/staging/stg_orders.sql", "select", "select distinct")],
    "two": [(ORDERS, "amount", "amount + 1 as amount"), (CUSTOMERS, "select", "select distinct")],
    "there and back": [
        (ORDERS, "amount", "amount + 1 as amount"),
        (ORDERS, "amount + 1 as amount", "amount"),
    ],
}


@pytest.mark.parametrize("looked", [False, True], ids=["each written", "the last written"])
@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_after_an_edit_all_but_what_it_touches_stays(
    site: Site, writes: Writes, edits: list[tuple[str, str, str]], looked: bool
) -> None:
    writes.forms.clear()
    for edit in edits:
        site.replace(*edit)
        site.compile() if looked else compile_(site)
    compile_(site)
    assert "staging.stg_customers" not in writes.forms
    made = content(site)
    shutil.rmtree(site.root / "target")
    shutil.rmtree(site.root / ".xform")
    compile_(site)
    assert content(site) == made


def test_a_manifest_that_somebody_replaces_meanwhile_is_made_anew(
    site: Site, writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = xform.app.output.artefacts.write_artefacts

    def replaced(root: Path, *args: Any) -> object:
        manifest = root / "target/manifest.json"
        other = manifest.with_suffix(".other")
        other.write_bytes(manifest.read_bytes().replace(b"stg_customers", b"stg_customerz"))
        other.replace(manifest)
        return write(root, *args)

    monkeypatch.setattr(xform.app.output.artefacts, "write_artefacts", replaced)
    site.replace(*EDITS["one"][0])
    compile_(site)
    assert b"stg_customerz" not in content(site)["manifest.json"]

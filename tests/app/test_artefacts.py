"""What `compile` leaves under `target/`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from compile_steps import FILES, Site

from xform.app.output.artefacts import write_artefacts
from xform.app.output.forms import compile_form

ORDERS = Path("target/compiled/models/marts/orders.sql")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    write_artefacts(site.root, site.compile())
    return site


def test_the_manifest_is_the_form(site: Site) -> None:
    path = site.root / "target/manifest.json"
    path.unlink()
    compilation = site.compile()
    write_artefacts(site.root, compilation)
    whole = msgspec.json.encode(compile_form(compilation))
    assert path.read_bytes() == msgspec.json.format(whole, indent=1) + b"\n"


def test_a_project_without_assets_has_a_manifest(tmp_path: Path) -> None:
    site = Site(tmp_path, {path: FILES[path] for path in ("pyproject.toml", "profiles.yml")})
    compilation = site.compile()
    write_artefacts(tmp_path, compilation)
    manifest = (tmp_path / "target/manifest.json").read_bytes()
    assert msgspec.json.decode(manifest) == compile_form(compilation)


def test_what_is_unchanged_is_not_touched(site: Site) -> None:
    files = sorted(path for path in (site.root / "target").rglob("*") if path.is_file())
    before = {path: path.stat().st_mtime_ns for path in files}
    write_artefacts(site.root, site.compile())
    assert {path: path.stat().st_mtime_ns for path in files} == before
    assert sorted(p for p in (site.root / "target").rglob("*") if p.is_file()) == files


def test_what_is_gone_from_the_project_is_gone(site: Site) -> None:
    stale = site.root / "target/compiled/models/old.sql"
    stale.write_text("select 1")
    write_artefacts(site.root, site.compile())
    assert not stale.exists()
    assert (site.root / ORDERS).exists()


def test_a_file_that_became_a_folder_gives_way(site: Site) -> None:
    """And a folder that became a file."""
    (site.root / ORDERS).unlink()
    (site.root / ORDERS).mkdir()
    (site.root / ORDERS / "in.sql").write_text("select 1")
    folder = site.root / "target/compiled/models/staging"
    for path in folder.rglob("*"):
        path.unlink()
    folder.rmdir()
    folder.write_text("a file")
    write_artefacts(site.root, site.compile())
    assert (site.root / ORDERS).is_file()
    assert folder.is_dir()

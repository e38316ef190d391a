"""The stored compilation: taken where it holds, thrown away where it is not what was written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from compile_steps import Site

from xform.app.output.forms import compile_form
from xform.app.remembering.index import load_listing, write_whole
from xform.app.remembering.stored import PROJECT, SLIM, load_slim, save_slim
from xform.base.hashing import Digest
from xform.engines.duckdb.engine import DuckDBEngine

ORDERS = "models/marts/orders.sql"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A project that has been compiled once."""
    monkeypatch.setattr("xform.host.files.RACY_NS", 0)
    site = Site(tmp_path)
    site.ran()
    return site


def test_bodies_from_the_index_are_those_of_a_fresh_compile(site: Site) -> None:
    stored = compile_form(site.compile())
    shutil.rmtree(site.root / ".xform")
    assert stored == compile_form(site.compile())


def test_bodies_from_the_index_parse_nothing(site: Site) -> None:
    workspace = site.open()
    compilation = workspace.compile()
    for name in compilation.assets:
        compilation.body(name)
    assert workspace.ran == []


def test_every_damaged_byte_is_noticed(site: Site) -> None:
    whole = site.index.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 300)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x41
        site.index.write_bytes(bytes(damaged))
        assert load_listing(site.index.parent) is None


@pytest.mark.parametrize("name", [SLIM, PROJECT])
def test_every_damaged_byte_of_the_compilation_is_noticed(site: Site, name: str) -> None:
    key = the_key(site)
    place = site.index.with_name(name)
    whole = place.read_bytes()
    assert load_slim(place.parent, key) is not None
    for at in range(0, len(whole), max(1, len(whole) // 300)):
        damaged = bytearray(whole)
        damaged[at] ^= 0x41
        place.write_bytes(bytes(damaged))
        assert load_slim(place.parent, key) is None


def the_key(site: Site) -> Digest:
    listing = load_listing(site.index.parent)
    assert listing is not None
    return listing.key


@pytest.mark.parametrize("name", [SLIM, PROJECT])
@pytest.mark.parametrize("damage", ["gone", "cut", "another"])
def test_a_compilation_that_does_not_fit_its_listing_is_made_anew(
    site: Site, damage: str, name: str
) -> None:
    place = site.index.with_name(name)
    good = compile_form(site.compile())
    slim = load_slim(place.parent, the_key(site))
    match damage:
        case "gone":
            place.unlink()
        case "cut":
            place.write_bytes(place.read_bytes()[:-1])
        case _ if name == SLIM:
            save_slim(place.parent, Digest("0" * 32), slim)
        case _:
            write_whole(place, b"another")
    assert compile_form(site.compile()) == good
    assert load_slim(place.parent, the_key(site)) == slim


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 500])
def test_a_truncated_index_is_thrown_away(site: Site, size: int) -> None:
    site.index.write_bytes(site.index.read_bytes()[:size])
    assert load_listing(site.index.parent) is None
    site.ran()
    assert load_listing(site.index.parent) is not None


def test_a_damaged_index_is_written_anew(site: Site) -> None:
    site.index.write_bytes(b"nonsense")
    assert site.ran() == set()  # all that was computed is in the other file
    assert load_listing(site.index.parent) is not None


def test_a_deleted_index_is_written_anew(site: Site) -> None:
    place = site.index
    place.unlink()
    assert site.ran() == set()
    assert place.exists()


def test_a_deleted_cache_leaves_the_index(site: Site) -> None:
    for path in site.index.parent.glob("compile-*"):
        path.unlink()
    assert site.ran() == set()
    workspace = site.open()
    assert workspace.compile().body(next(iter(workspace.compile().assets))) is not None


def test_an_index_that_cannot_be_written_is_done_without(site: Site) -> None:
    place = site.index
    stored = load_listing(place.parent)
    assert stored is not None
    place.unlink()
    place.mkdir()
    assert site.ran() == set()
    assert load_listing(place.parent) is None
    assert [path.name for path in place.parent.glob("index-*")] == [place.name]


def test_an_index_of_another_version_of_the_compiler_is_not_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xform.app.compiling.inputs.FORMAT", "another")
    monkeypatch.setattr("xform.app.remembering.circumstances.installed", lambda: "another")
    before = load_listing(site.index.parent)
    site.compile()
    after = load_listing(site.index.parent)
    assert before is not None
    assert after is not None
    assert before.key != after.key


def test_the_same_size_and_time_hide_no_change(site: Site) -> None:
    place = site.root / ORDERS
    before = place.stat()
    site.replace(ORDERS, "amount from", "amount FROM")
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (place.stat().st_size, place.stat().st_mtime_ns) == (
        before.st_size,
        before.st_mtime_ns,
    )
    assert ("parse", "marts.orders") in site.ran()


def test_a_file_changed_right_after_it_was_read_is_noticed(tmp_path: Path) -> None:
    """Within one tick of the clock nothing but reading it again can tell."""
    site = Site(tmp_path)
    site.ran()
    place = site.root / ORDERS
    site.replace(ORDERS, "amount from", "amount FROM")
    assert ("parse", "marts.orders") in site.ran()
    assert place.exists()


def test_a_broken_project_stays_broken_when_nothing_changes(site: Site) -> None:
    site.replace(ORDERS, "amount from", "amuont from")
    first = [str(found) for found in site.compile().diagnostics]
    assert first
    assert [str(found) for found in site.compile().diagnostics] == first


def test_errors_of_macros_stay_when_another_file_changes(site: Site) -> None:
    site.write("macros/broken.sql", "{% macro broken(x) %}{{ x }\n")
    first = [str(found) for found in site.compile().diagnostics]
    assert first
    assert [str(found) for found in site.compile().diagnostics] == first
    site.replace("models/marts/names.sql", "select name", "select  name")
    assert [str(found) for found in site.compile().diagnostics] == first


def test_an_engine_that_could_not_read_a_file_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(DuckDBEngine, "describe", lambda self, queries: {})
        assert {found.code for found in site.compile().diagnostics} == {"XF0416"}
    assert ("describe", "raw.people") in site.ran()
    assert site.ran() == set()


def test_a_folder_that_cannot_hold_caches_is_done_without(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write(".xform", "a file")
    assert site.ran() == site.ran()

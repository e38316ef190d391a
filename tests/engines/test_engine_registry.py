"""Which engine a target gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from xform.plugins.registry import engine_for
from xform.project.profile import Target


def target(kind: str, **settings: Any) -> Target:
    return Target("p", "dev", kind, 1, settings=settings)


def test_duckdb_is_ours(tmp_path: Path) -> None:
    engine, found = engine_for(target("duckdb", path="w.duckdb"), tmp_path)
    assert engine is not None
    assert (engine.dialect, found) == ("duckdb", [])


def test_an_unknown_type_names_the_nearest(tmp_path: Path) -> None:
    engine, (found,) = engine_for(target("duckbd"), tmp_path)
    assert engine is None
    assert found.help == "did you mean 'duckdb'?"


def test_wrong_settings_are_a_diagnostic(tmp_path: Path) -> None:
    engine, (found,) = engine_for(target("duckdb", path=3), tmp_path)
    assert engine is None
    assert found.code == "XF0714"


def test_packages_may_offer_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[xform.engines]\nother = other_engine:create_engine\nbroken = not_there:create_engine\n"
    )
    (tmp_path / "other_engine.py").write_text(
        "from xform.engines.duckdb.engine import DuckDBEngine\n"
        "def create_engine(target, root): return DuckDBEngine(None)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    engine, found = engine_for(target("other"), tmp_path)
    assert (engine is not None, found) == (True, [])
    engine, (broken,) = engine_for(target("broken"), tmp_path)
    assert engine is None
    assert "not_there" in broken.message

"""Published names that change their case or that somebody drops by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from command_line import Project, project

FILES = {
    "models/m/owners.sql": "select 1 as owner_id\n",
    "models/m/readers.sql": "/* @model\nkind: table\n*/\nselect owner_id from m.owners\n",
}


@pytest.fixture
def place(tmp_path: Path) -> Project:
    built = project(tmp_path, FILES)
    built.ok("build")
    return built


def test_a_model_renamed_only_in_case_stays_published(place: Project) -> None:
    place.path("models/m/owners.sql").rename(place.path("models/m/Owners.sql"))
    place.ok("build")
    assert place.rows("select owner_id from m.owners") == [(1,)]
    assert place.actions() == {}


def test_a_view_dropped_by_hand_is_published_again(place: Project) -> None:
    with duckdb.connect(str(place.path("warehouse.duckdb"))) as connection:
        connection.execute("drop view m.readers")
    assert set(place.actions()) == {"m.readers"}
    place.ok("build")
    assert place.rows("select owner_id from m.readers") == [(1,)]

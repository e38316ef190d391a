"""Where a project's files lie, and which asset a path names (DESIGN §3)."""

from __future__ import annotations

import re
from typing import NamedTuple

MODELS = "models"
MACROS = "macros"
SEEDS = "seeds"
TESTS = "tests"
UNIT_TESTS = "tests/unit/"
"""Where unit tests stand in files of their own, yml or Python."""
FIXTURES = "tests/fixtures/"
"""Where the rows of unit tests stand in files of their own."""

YAML_SUFFIXES = (".yml", ".yaml")
SEED_FORMATS = {".csv": "csv", ".parquet": "parquet", ".json": "json"}

FOLDERS: dict[str, tuple[str, ...]] = {
    MODELS: (".sql", ".py", *YAML_SUFFIXES),
    MACROS: (".sql", ".py"),
    SEEDS: (*SEED_FORMATS, *YAML_SUFFIXES),
    TESTS: (".sql", *YAML_SUFFIXES),
}
"""The folders of a project and the files in them that the compiler may read, by suffix."""

PYPROJECT = "pyproject.toml"
XFORM_TOML = "xform.toml"
SELECTORS = "selectors.yml"
ROOT_FILES = (PYPROJECT, XFORM_TOML, "profiles.yml", SELECTORS, "schemas.lock")

KEPT_SCHEMAS = frozenset(["_xform", "information_schema", "pg_catalog"])
"""The store of builds, and what engines keep for themselves: no asset may be made there."""

_USABLE = re.compile(r"[\w$-]+")


class Place(NamedTuple):
    """Where an asset's file lies: the folder it stands under, and what the path names."""

    folder: str
    schema: str
    name: str
    suffix: str
    """In lower case, with its dot."""


def split_suffix(path: str) -> tuple[str, str]:
    """(the file's name without its last suffix, that suffix in lower case with its dot)."""
    file = path.rpartition("/")[2]
    stem, dot, suffix = file.rpartition(".")
    return (stem, f".{suffix.lower()}") if dot else (file, "")


def folder_of(path: str) -> str:
    """The project folder (`models`, `seeds`, …) that a path stands under; empty at the root."""
    first, slash, _ = path.partition("/")
    return first if slash else ""


def place_of(path: str, default_schema: str) -> Place:
    """What a path under `models/` or `seeds/` names: the first folder is the schema."""
    parts = path.split("/")
    name, suffix = split_suffix(path)
    schema = parts[1] if len(parts) > 2 else default_schema
    return Place(parts[0], schema, name, suffix)


def usable(name: str) -> bool:
    """Whether a schema or asset may be called so: letters, digits, `_`, `$` and `-`."""
    return _USABLE.fullmatch(name) is not None


def is_data_test(path: str) -> bool:
    """Whether a path is that of a data test: SQL under `tests/data/`."""
    return path.startswith(f"{TESTS}/data/") and split_suffix(path)[1] == ".sql"


def is_listed(path: str) -> bool:
    """Whether a path belongs to the listing of a project's files."""
    suffixes = FOLDERS.get(folder_of(path))
    if suffixes is None:
        return path in ROOT_FILES
    suffix = split_suffix(path)[1]
    if path.startswith(UNIT_TESTS) and suffix == ".py":
        return True
    if path.startswith(FIXTURES) and suffix == ".csv":
        return True
    return suffix in suffixes

"""What a project declares, after files, yml and defaults have been put together.

Every struct can be stored. Spans say where a setting was written, for diagnostics; they never
take part in a fingerprint.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.project.groups import Group
from xform.project.incremental import Keyed, TimeRange
from xform.project.running import Running
from xform.project.thresholds import ANY, Threshold
from xform.project.unit_tests import UnitTest
from xform.project.versioning import USUAL, Versioning


class Kind(enum.StrEnum):
    """How an asset comes to be (its materialization)."""

    VIEW = "view"
    TABLE = "table"
    INCREMENTAL = "incremental"
    SNAPSHOT = "snapshot"
    EPHEMERAL = "ephemeral"
    SEED = "seed"
    EXTERNAL = "external"
    EXPOSURE = "exposure"


class Language(enum.StrEnum):
    SQL = "sql"
    PYTHON = "python"
    NONE = "none"


class TestKind(enum.StrEnum):
    NOT_NULL = "not_null"
    UNIQUE = "unique"
    ACCEPTED_VALUES = "accepted_values"
    RANGE = "range"
    REGEX = "regex"
    EXPRESSION = "expression"
    RELATIONSHIPS = "relationships"
    ROW_COUNT = "row_count"
    FRESHNESS = "freshness"
    RECENCY = "recency"
    DRIFT = "drift"
    CUSTOM = "custom"
    """A macro of the project, which writes a query of bad rows."""
    FILE = "file"
    """A query of bad rows, under tests/data/."""


class TestSpec(msgspec.Struct, frozen=True):
    """A data test as declared.

    `columns` is empty for tests of the whole asset. `args` by kind:

    - accepted_values: `values` (list);
    - range: `min`, `max` (either may be missing; inclusive);
    - regex: `pattern`; expression: `expression`;
    - relationships: `to` (an asset as written), `field`;
    - row_count: `min`, `max`, and `min_share`, `max_share` of the rows of the build before;
    - freshness: `max_age`, `warn_age` in seconds; recency: `max_age`, `group_by` (columns);
    - drift: `mean`, `null_share`, `distinct_share` (how far each may go), `over`, `least`;
    - custom: as the macro takes them.

    `where` is an SQL condition on the tested rows. `limit` is how many bad rows are kept at most,
    `keep` whether they are kept though nobody asks for it.
    """

    kind: TestKind
    columns: tuple[str, ...]
    span: Span
    args: dict[str, Any] = {}
    severity: str = "error"
    where: str | None = None
    name: str | None = None
    blocking: bool = True
    limit: int | None = None
    error_if: Threshold = ANY
    warn_if: Threshold = ANY
    keep: bool = False
    macro: str = ""
    """Of custom tests: the name as written. Of files: the path."""

    @property
    def called(self) -> str:
        """What it is called in a list of tests."""
        return self.macro if self.kind is TestKind.CUSTOM else self.kind.value


class ColumnSpec(msgspec.Struct, frozen=True):
    name: str
    span: Span
    type: str | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    tests: tuple[TestSpec, ...] = ()
    meta: dict[str, Any] = {}


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of a Python model: the asset it names (as written) and the annotated type."""

    name: str
    asset: str
    annotation: str | None
    span: Span


class PythonFunction(msgspec.Struct, frozen=True):
    """A Python model as read from its syntax tree; nothing has been imported.

    `digest` covers the syntax tree of the file (comments and layout do not enter) and of every
    project module it imports, directly or through others.
    """

    name: str
    parameters: tuple[Parameter, ...]
    digest: Digest
    modules: tuple[str, ...] = ()
    """Paths of the project modules that it imports."""


class ModelVersion(msgspec.Struct, frozen=True):
    """Which version of which model an asset is, and which of them is the latest."""

    model: AssetName
    number: str
    latest: str

    @property
    def standing(self) -> str:
        """How it stands to the latest: `latest`, `prerelease` (higher) or `old`."""
        if self.number == self.latest:
            return "latest"
        return "prerelease" if order_of(self.number) > order_of(self.latest) else "old"


def order_of(number: str) -> tuple[bool, int, str]:
    """Sorts versions: numbers as numbers, words behind them."""
    return (not number.isdigit(), int(number) if number.isdigit() else 0, number)


class Asset(msgspec.Struct, frozen=True):
    """One declared asset.

    `path` is the file that defines it, relative to the project, with `/`: the model, the seed's
    data file, or the yml file of a source or exposure. `relation` is what an external names in
    the warehouse: (schema, name), or `files` names the file(s) it reads instead. `declared_in`
    lists yml files that also say something of it.
    """

    name: AssetName
    kind: Kind
    language: Language
    path: str
    span: Span
    columns: tuple[ColumnSpec, ...] = ()
    tests: tuple[TestSpec, ...] = ()
    """Tests of the whole asset; those of columns stand at the columns."""
    description: str = ""
    owner: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    access: str | None = None
    """`private`, `protected` or `public`; None is `protected`."""
    contract: bool = False
    """Whether its columns and types have to be those declared: all of them, and no others."""
    deprecation_date: str | None = None
    """`YYYY-MM-DD`: from then on it may be gone."""
    domain: str | None = None
    grain: tuple[str, ...] = ()
    meta: dict[str, Any] = {}
    dialect: str | None = None
    """Of the model's SQL where it differs from the target's."""
    volatile: str = "rebuild"
    """`rebuild`: a model that calls the clock or chance runs anew each time; `ignore`: not."""
    running: Running = Running()
    time_range: TimeRange | None = None
    """Of incremental models by time: how they grow."""
    keyed: Keyed | None = None
    """Of incremental models by key, and snapshots: how they do."""
    header_end: int = 0
    """Offset in the file at which the SQL begins, behind the header block."""
    python: PythonFunction | None = None
    relation: tuple[str, str] | None = None
    files: str | None = None
    """Of seeds and file sources: the path of the data file, relative to the project."""
    format: str | None = None
    """Of seeds and file sources: csv, parquet or json."""
    versioning: Versioning = USUAL
    """Of sources: how new data are told."""
    depends_on: tuple[str, ...] = ()
    """Of exposures: the assets they read, as written. Of models: none (they are inferred)."""
    config: dict[str, Any] = {}
    """All settings as given, merged by precedence: for `config.<key>` selection and `config()`."""
    declared_in: tuple[str, ...] = ()
    version: ModelVersion | None = None
    """Of a model with several versions: which of them it is."""
    shows: AssetName | None = None
    """Of the plain name of such a model: the latest version, of which it is a view."""
    places: dict[str, Span] = {}
    """Where group, access, contract and deprecation_date were written."""

    @property
    def has_file(self) -> bool:
        """Whether it is a model with a file of SQL."""
        return self.language is Language.SQL and self.shows is None


class Project(msgspec.Struct, frozen=True):
    """Everything declared. `assets` is sorted by name and holds no name twice."""

    name: str
    default_schema: str
    dialect: str | None
    variables: dict[str, Any]
    assets: tuple[Asset, ...]
    macros: tuple[str, ...]
    """Paths of macro files, sorted."""
    tests: tuple[str, ...] = ()
    """Paths of the data tests that are SQL files, sorted."""
    selectors: str | None = None
    """Path of `selectors.yml` where there is one."""
    lint: dict[str, str] = {}
    """Levels of diagnostics by code, where they are not the usual."""
    groups: tuple[Group, ...] = ()
    """By name; no name stands twice."""
    unit_tests: tuple[UnitTest, ...] = ()
    """Of models, by name; no name stands twice."""

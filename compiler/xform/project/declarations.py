"""What one file declares, before anything of another file or of the settings is known.

Everything here can be stored: it depends on the file's path and content alone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.project.assets import Language, PythonFunction
from xform.project.fields import AssetSettings
from xform.project.groups import Group
from xform.project.unit_tests import UnitTest
from xform.project.versioning import USUAL, Versioning


class ModelFile(msgspec.Struct, frozen=True):
    """A model. `function` is that of a Python model; its digest is still the file's alone."""

    language: Language
    span: Span
    settings: AssetSettings | None = None
    header_end: int = 0
    function: PythonFunction | None = None


class Module(msgspec.Struct, frozen=True):
    """A Python file. `imports` are the project paths that its imports could mean, sorted."""

    digest: Digest
    imports: tuple[str, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """One of several versions of a model. `settings` are its own; it has the columns of the model
    besides: those in `include` (None: all), without those in `exclude`."""

    number: str
    span: Span
    settings: AssetSettings
    defined_in: str | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()


class Patch(msgspec.Struct, frozen=True):
    """What a yml file says of a model or a seed (`section`), by name or `schema.name`."""

    section: str
    name: str
    span: Span
    settings: AssetSettings
    versions: tuple[Version, ...] = ()
    latest: str | None = None
    """The number of the version that the plain name shows; None: the highest."""


class Latest(msgspec.Struct, frozen=True):
    """The plain name of a model with versions: it shows one of them. `last`: there is no higher
    one, which it could show later."""

    shows: AssetName
    last: bool


class SourceTable(msgspec.Struct, frozen=True):
    """A table of a source. `whole` are the settings of the source, below those of the table."""

    source: str
    name: str
    span: Span
    relation: tuple[str, str]
    settings: AssetSettings
    whole: AssetSettings
    files: str | None = None
    files_span: Span | None = None
    format: str | None = None
    versioning: Versioning = USUAL


class Exposure(msgspec.Struct, frozen=True):
    name: str
    span: Span
    settings: AssetSettings
    depends_on: tuple[str, ...] = ()
    given: dict[str, Any] = {}
    """type, url, maturity and label, where they are given."""


class FileDeclarations(msgspec.Struct, frozen=True):
    path: str
    model: ModelFile | None = None
    module: Module | None = None
    patches: tuple[Patch, ...] = ()
    sources: tuple[SourceTable, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    unit_tests: tuple[UnitTest, ...] = ()
    groups: tuple[Group, ...] = ()

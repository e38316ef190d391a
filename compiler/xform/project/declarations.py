"""What one file declares, before anything of another file or of the settings is known.

Everything here can be stored: it depends on the file's path and content alone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from xform.base.hashing import Digest
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


class Patch(msgspec.Struct, frozen=True):
    """What a yml file says of a model or a seed (`section`), by name or `schema.name`."""

    section: str
    name: str
    span: Span
    settings: AssetSettings


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

"""Versions of a model side by side: `versions:` of a yml entry, and the files that hold them.

Version 1 of `orders` is the model `orders_v1`, in the file of that name or in another that
`defined_in` names. The plain name `orders` is a view on the latest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import asset_name, schema_of
from xform.project import values
from xform.project.assets import ModelVersion, order_of
from xform.project.columns import read_columns
from xform.project.declarations import FileDeclarations, Latest, ModelFile, Patch, Version
from xform.project.drafts import Draft
from xform.project.fields import AssetSettings, Subject, read_settings
from xform.project.merge import merge
from xform.project.reader import (
    Notes,
    read_list,
    read_mapping,
    read_word,
    read_words,
    required,
    wrong_type,
)

KEYS = ("versions", "latest_version")
"""What a yml entry of a model says of its versions."""


def version_name(model: str, number: str) -> str:
    """What a version is called: `orders_v1`."""
    return f"{model}_v{number}"


# From yml ----------------------------------------------------------------------------------------


def read_versions(mapping: values.Mapping, notes: Notes) -> tuple[tuple[Version, ...], str | None]:
    """The versions of a model, and the number of the latest where it is said."""
    given = mapping.get("versions")
    found: dict[str, Version] = {}
    for item in read_list(given, "'versions'", notes) if given is not None else ():
        version = _version(item, notes)
        if version is None:
            continue
        first = found.setdefault(version.number, version)
        if first is not version:
            notes.append(
                diagnose(
                    codes.VERSION_TWICE,
                    f"version {version.number} is declared twice",
                    version.span,
                    "give one of the two another number",
                    labels=[Label(first.span, "first here")],
                )
            )
    said = mapping.get("latest_version")
    latest = _number(said, "'latest_version'", notes) if said is not None else None
    if latest is not None and latest not in found:
        assert said is not None
        notes.append(
            diagnose(
                codes.BAD_VALUE,
                f"'latest_version' is {latest}, which is no version",
                said.span,
                f"it is one of {', '.join(found)}" if found else "declare it under 'versions'",
            )
        )
        latest = None
    return tuple(found.values()), latest


def _version(item: values.Value, notes: Notes) -> Version | None:
    mapping = read_mapping(item, "a version", notes)
    given = mapping and required(mapping, "v", "a version", notes)
    number = given and _number(given, "'v' of a version", notes)
    if not mapping or not given or not number:
        return None
    settings = read_settings(mapping, Subject.MODEL, notes, beside=("v", "defined_in", "columns"))
    file = mapping.get("defined_in")
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    columns = mapping.get("columns")
    if columns is not None:
        own, include, exclude = _columns(columns, notes)
        settings = msgspec.structs.replace(settings, columns=read_columns(own, notes))
    return Version(
        number,
        given.span,
        settings,
        read_word(file, "'defined_in' of a version", notes) if file is not None else None,
        include,
        exclude,
    )


def _number(value: values.Value, what: str, notes: Notes) -> str | None:
    """A number, or a word such as `2024a`."""
    said = value.value if isinstance(value, values.Scalar) else None
    text = value.text if isinstance(value, values.Scalar) else ""
    plain = isinstance(said, str | int) and not isinstance(said, bool)
    if plain and text.replace("_", "").isalnum():
        return text
    wrong_type(value, what, "a number or a word", notes)
    return None


def _columns(
    value: values.Value, notes: Notes
) -> tuple[values.Value, tuple[str, ...] | None, tuple[str, ...]]:
    """(columns of its own, those of the model that it has, those that it has not)."""
    if not isinstance(value, values.Sequence):
        return value, (), ()
    own: list[values.Value] = []
    include: tuple[str, ...] | None = ()
    exclude: tuple[str, ...] = ()
    for item in value.items:
        said = item.get("include") if isinstance(item, values.Mapping) else None
        if said is None or not isinstance(item, values.Mapping):
            own.append(item)
            continue
        words = read_words(said, "'include'", notes) or ()
        include = None if words in (("all",), ("*",)) else words
        left_out = item.get("exclude")
        exclude = read_words(left_out, "'exclude'", notes) or () if left_out is not None else ()
    return values.Sequence(tuple(own), value.span), include, exclude


# In files ----------------------------------------------------------------------------------------


class Placed(msgspec.Struct, frozen=True):
    """Drafts under the names of their versions, with the plain names; and the files, in which each
    version is an entry of its own."""

    drafts: tuple[Draft, ...]
    files: tuple[FileDeclarations, ...]


def place_versions(
    drafts: Sequence[Draft], files: Sequence[FileDeclarations]
) -> tuple[Placed, list[Diagnostic]]:
    """What is declared of versions, applied to the files that there are."""
    if not any(patch.versions for file in files for patch in file.patches):
        return Placed(tuple(drafts), tuple(files)), []
    placing = _Placing(drafts)
    done = tuple(placing.file(file) for file in files)
    return Placed((*placing.drafts, *placing.plain), done), placing.found


class _Placing:
    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.drafts = list(drafts)
        self.plain: list[Draft] = []
        self.found: list[Diagnostic] = []
        self._at: dict[str, list[int]] = {}
        for number, draft in enumerate(drafts):
            if isinstance(draft.declared, ModelFile):
                self._at.setdefault(draft.table.casefold(), []).append(number)

    def file(self, file: FileDeclarations) -> FileDeclarations:
        if not any(patch.versions for patch in file.patches):
            return file
        patches: list[Patch] = []
        for patch in file.patches:
            patches += self._patches(patch, file.path) if patch.versions else [patch]
        return msgspec.structs.replace(file, patches=tuple(patches))

    def _patches(self, patch: Patch, path: str) -> list[Patch]:
        """The entry of each version that has a file."""
        schema, _, model = patch.name.rpartition(".")
        latest = patch.latest or _highest(patch.versions)
        patches: list[Patch] = []
        for version in patch.versions:
            at = self._file_of(schema, model, version)
            if at is None:
                continue
            draft = self.drafts[at]
            schema = draft.schema
            of = ModelVersion(asset_name(schema, model), version.number, latest)
            table = version_name(model, version.number)
            placed = self.drafts[at] = Draft(
                schema,
                table,
                draft.kind,
                draft.language,
                draft.path,
                draft.span,
                draft.declared,
                of,
            )
            settings = merge([_shared(patch.settings, version), version.settings])
            patches.append(Patch(patch.section, placed.name, version.span, settings))
            if version.number == latest:
                shown = Latest(placed.name, latest == _highest(patch.versions))
                self.plain.append(draft.plain(model, path, patch.span, shown))
        return patches

    def _file_of(self, schema: str, model: str, version: Version) -> int | None:
        """The draft that holds a version, where there is just one."""
        name = (version.defined_in or version_name(model, version.number)).removesuffix(".sql")
        fitting = [
            at
            for at in self._at.get(name.casefold(), ())
            if schema in ("", self.drafts[at].schema) and self.drafts[at].version is None
        ]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            names = sorted(self.drafts[at].name for at in fitting)
            self.found.append(
                diagnose(
                    codes.AMBIGUOUS_PATCH,
                    f"version {version.number} of '{model}' could be {' or '.join(names)}",
                    version.span,
                    f"name the schema as well: '{schema_of(names[0])}.{model}'",
                )
            )
            return None
        where = f"models/{schema or '…'}/{name}.sql"
        self.found.append(
            diagnose(
                codes.VERSION_MISSING,
                f"there is no file for version {version.number} of '{model}'",
                version.span,
                f"add {where}, or name its file: 'defined_in: …'",
            )
        )
        return None


def _highest(versions: Iterable[Version]) -> str:
    return max((version.number for version in versions), key=order_of)


def _shared(settings: AssetSettings, version: Version) -> AssetSettings:
    """What a version has of its model's settings. Tests of its own stand for those of the model."""
    include, exclude = version.include, {name.casefold() for name in version.exclude}
    wanted = {name.casefold() for name in include or ()}
    columns = tuple(
        column
        for column in settings.columns
        if (include is None or column.name.casefold() in wanted)
        and column.name.casefold() not in exclude
    )
    tests = () if "tests" in version.settings.places else settings.tests
    return msgspec.structs.replace(settings, columns=columns, tests=tests)

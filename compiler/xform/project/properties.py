"""yml files in the layout of dbt's properties: models, seeds, sources, exposures, groups and
unit tests."""

from __future__ import annotations

from collections.abc import Iterator

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.project.declarations import Exposure, FileDeclarations, Patch, SourceTable
from xform.project.fields import AssetSettings, Subject, read_owner, read_settings
from xform.project.groups import Group
from xform.project.layout import SEED_FORMATS, split_suffix
from xform.project.reader import (
    Notes,
    check_keys,
    read_choice,
    read_list,
    read_mapping,
    read_text,
    read_word,
    required,
    unknown_key,
)
from xform.project.references import REFERENCE_HELP, reference
from xform.project.unit_tests import UnitTest, read_unit_tests
from xform.project.values import Mapping, Scalar, Value, is_null
from xform.project.versioning import read_versioning
from xform.project.versions import KEYS as VERSION_KEYS
from xform.project.versions import read_versions
from xform.project.yaml import read_yaml

_SECTIONS = ("models", "seeds", "sources", "exposures", "groups", "unit_tests")
_IGNORED = ("version", "anchors")
_LATER = (
    "snapshots",
    "metrics",
    "semantic_models",
    "saved_queries",
    "macros",
    "analyses",
    "data_tests",
    "functions",
)
_EXPOSURE_TYPES = ("dashboard", "notebook", "analysis", "ml", "application")
_MATURITY = ("high", "medium", "low")


def read_properties(text: str, path: str) -> tuple[FileDeclarations, list[Diagnostic]]:
    """All that a yml file declares. An empty file declares nothing."""
    value, notes = read_yaml(text, path)
    if value is None:
        return FileDeclarations(path), notes
    if not isinstance(value, Mapping):
        notes.append(
            diagnose(
                codes.NO_MAPPING,
                "the file must be a mapping",
                value.span,
                f"write sections: {', '.join(f'{section}:' for section in _SECTIONS)}",
            )
        )
        return FileDeclarations(path), notes
    patches: list[Patch] = []
    sources: list[SourceTable] = []
    exposures: list[Exposure] = []
    groups: list[Group] = []
    unit_tests: list[UnitTest] = []
    for entry in value:
        match entry.name:
            case "models" | "seeds":
                patches.extend(_patches(entry.name, entry.value, notes))
            case "sources":
                sources.extend(_sources(entry.value, notes))
            case "exposures":
                exposures.extend(_exposures(entry.value, notes))
            case "groups":
                groups.extend(_groups(entry.value, notes))
            case "unit_tests":
                unit_tests.extend(read_unit_tests(entry.value, notes))
            case name if name in _LATER:
                message = f"'{name}:' is not available in this version"
                advice = f"take it out; known are {', '.join(_SECTIONS)}"
                notes.append(diagnose(codes.NOT_YET, message, entry.key.span, advice))
            case name if name not in _IGNORED:
                unknown_key(entry, _SECTIONS, "a yml file", notes)
    declarations = FileDeclarations(
        path,
        None,
        None,
        tuple(patches),
        tuple(sources),
        tuple(exposures),
        tuple(unit_tests),
        tuple(groups),
    )
    return declarations, notes


def _named(section: str, value: Value, what: str, notes: Notes) -> Iterator[tuple[Mapping, Scalar]]:
    """Each entry of a section that is a mapping with a name, and that name."""
    for item in read_list(value, f"'{section}'", notes):
        mapping = read_mapping(item, what, notes)
        name = mapping and required(mapping, "name", what, notes)
        if not mapping or name is None or read_word(name, f"'name' of {what}", notes) is None:
            continue
        assert isinstance(name, Scalar)
        yield mapping, name


def _patches(section: str, value: Value, notes: Notes) -> Iterator[Patch]:
    subject = Subject.MODEL if section == "models" else Subject.SEED
    for mapping, name in _named(section, value, subject.value, notes):
        beside = ("name", *VERSION_KEYS) if section == "models" else ("name",)
        settings = read_settings(mapping, subject, notes, beside=beside)
        versions, latest = read_versions(mapping, notes) if section == "models" else ((), None)
        yield Patch(section, name.text, name.span, settings, versions, latest)


def _sources(value: Value, notes: Notes) -> Iterator[SourceTable]:
    for mapping, name in _named("sources", value, "a source", notes):
        whole = read_settings(mapping, Subject.SOURCE, notes, beside=("name", "schema", "tables"))
        given = mapping.get("schema")
        schema = given and read_word(given, "'schema' of a source", notes)
        tables = required(mapping, "tables", f"source '{name.text}'", notes)
        if tables is not None:
            yield from _tables(name.text, schema or name.text, tables, whole, notes)


def _tables(
    source: str, schema: str, value: Value, whole: AssetSettings, notes: Notes
) -> Iterator[SourceTable]:
    what = f"a table of source '{source}'"
    for mapping, name in _named("tables", value, what, notes):
        beside = ("name", "identifier", "path", "format", "version", "loaded_at_field")
        settings = read_settings(mapping, Subject.SOURCE_TABLE, notes, beside=beside)
        given = mapping.get("identifier")
        identifier = given and read_word(given, "'identifier' of a table", notes)
        path = mapping.get("path")
        files, file_format = _data_file(mapping, path, notes) if path else (None, None)
        versioning = read_versioning(mapping, notes)
        if path is None and (stray := mapping.get("format")) is not None:
            message = f"'format' of {what} needs a 'path'"
            advice = "add 'path: …', or take 'format' out for a table of the warehouse"
            notes.append(diagnose(codes.MISSING_KEY, message, stray.span, advice))
        yield SourceTable(
            source=source,
            name=name.text,
            span=name.span,
            relation=(schema, identifier or name.text),
            settings=settings,
            whole=whole,
            files=files,
            files_span=path.span if path and files else None,
            format=file_format,
            versioning=versioning,
        )


def _data_file(mapping: Mapping, path: Value, notes: Notes) -> tuple[str | None, str | None]:
    """(the file of a source, relative to the project; its format)."""
    text = read_word(path, "'path' of a table", notes)
    if text is None:
        return None, None
    parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
    if text.startswith(("/", "\\", "~")) or ".." in parts or (text[1:2] == ":"):
        message = f"'{text}' is not a path within the project"
        advice = "give it relative to the project, such as data/orders.csv"
        notes.append(diagnose(codes.BAD_VALUE, message, path.span, advice))
        return None, None
    given = mapping.get("format")
    formats = tuple(SEED_FORMATS.values())
    if given is not None:
        chosen = read_choice(given, "'format'", formats, notes)
        if text.endswith("/") and chosen is not None:  # all such files of a folder
            suffix = next(suffix for suffix, known in SEED_FORMATS.items() if known == chosen)
            parts.append(f"*{suffix}")
        return "/".join(parts), chosen
    known = SEED_FORMATS.get(split_suffix(text)[1])
    if known is None:
        message = f"the format of '{text}' is not known from its name"
        advice = f"add 'format: …': {', '.join(formats)}"
        notes.append(diagnose(codes.UNKNOWN_FORMAT, message, path.span, advice))
    return "/".join(parts), known


def _exposures(value: Value, notes: Notes) -> Iterator[Exposure]:
    beside = ("name", "label", "type", "depends_on", "url", "maturity")
    for mapping, name in _named("exposures", value, "an exposure", notes):
        settings = read_settings(mapping, Subject.EXPOSURE, notes, beside=beside)
        given: dict[str, str | None] = {}
        for entry in mapping:
            what = f"'{entry.name}' of exposure '{name.text}'"
            match entry.name:
                case "label" | "url":
                    given[entry.name] = read_text(entry.value, what, notes)
                case "type":
                    given[entry.name] = read_choice(entry.value, what, _EXPOSURE_TYPES, notes)
                case "maturity":
                    given[entry.name] = read_choice(entry.value, what, _MATURITY, notes)
                case _:
                    pass
        depends_on = mapping.get("depends_on")
        yield Exposure(
            name=name.text,
            span=name.span,
            settings=settings,
            depends_on=_depends_on(depends_on, notes) if depends_on is not None else (),
            given={key: said for key, said in given.items() if said is not None},
        )


def _groups(value: Value, notes: Notes) -> Iterator[Group]:
    for mapping, name in _named("groups", value, "a group", notes):
        what = f"group '{name.text}'"
        check_keys(mapping, ("name", "owner", "description", "config"), what, notes)
        given = required(mapping, "owner", what, notes)
        owner = given and read_owner(given, f"'owner' of {what}", notes)
        said = mapping.get("description")
        text = said and read_text(said, f"'description' of {what}", notes)
        yield Group(name.text, name.span, owner or "", text or "")


def _depends_on(value: Value, notes: Notes) -> tuple[str, ...]:
    if is_null(value):
        return ()
    named: list[str] = []
    for item in read_list(value, "'depends_on'", notes):
        text = read_text(item, "each of 'depends_on'", notes)
        asset = text and reference(text)
        if asset:
            named.append(asset)
        elif text is not None:
            message = f"'{text}' is not the name of an asset"
            notes.append(diagnose(codes.BAD_VALUE, message, item.span, REFERENCE_HELP))
    return tuple(dict.fromkeys(named))

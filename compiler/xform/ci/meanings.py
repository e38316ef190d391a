"""What unit tests and written data tests say, in a form that two versions can be compared by:
layout, comments, the order of columns and the file they stand in are no part of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from xform.app.compiling.unit_checks import world_in
from xform.base.diagnostics import Diagnostic, has_errors
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.checks.unit.cases import Filled, World, case_of, model_of
from xform.checks.written import PLACE, WrittenTest
from xform.ci.side import Side
from xform.fingerprint import evaluate
from xform.project.layout import FIXTURES
from xform.project.modules import digest_tree, imported_paths
from xform.project.python_model import marked_with, parse_python
from xform.project.python_tests import MARK
from xform.project.unit_tests import UnitTest
from xform.sema.bind import bind
from xform.sema.facts import UNKNOWN_TYPE, Schema, SchemaColumn
from xform.sql.parse import Place, parse_query

Said = Mapping[str, Any]
"""The parts of a test by what they are called: `expect`, `input raw.orders`, `time`, …"""

_SETTINGS = ("tolerance", "time", "start", "end", "incremental", "vars", "env_vars", "macros")
_OPEN = Schema(None)


class Meanings:
    """Of the tests of one side, made when they are asked for."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._trees: dict[str, ast.Module | None] = {}

    @cached_property
    def world(self) -> World:
        return world_in(self._side.compilation, self._side.workspace.files)

    @cached_property
    def units(self) -> Mapping[tuple[AssetName, str], UnitTest]:
        """The unit tests by model and name; of several of one name the last."""
        found: dict[tuple[AssetName, str], UnitTest] = {}
        for test in self._side.compilation.unit_tests:
            model = model_of(test, self.world)
            if not isinstance(model, Diagnostic):
                found[model, test.name] = test
        return found

    def files(self, folder: str) -> Mapping[str, Digest]:
        """The files under a folder of the project, with their digests."""
        entries = self._side.workspace.files.entries
        return {path: entry.digest for path, entry in entries.items() if path.startswith(folder)}

    @cached_property
    def fixtures(self) -> Mapping[str, Digest]:
        return self.files(FIXTURES)

    # Unit tests ----------------------------------------------------------------------------------

    def of_unit(self, test: UnitTest, model: AssetName) -> Said:
        """What a unit test of a model says."""
        said: dict[str, Any] = {
            name: value for name in _SETTINGS if (value := getattr(test, name)) not in (None, {})
        }
        if test.ordered:
            said["ordered"] = True
        if test.function is not None:
            said["function"] = self._function(test)
        case, wrong = case_of(test, model, self.world) if test.expect is not None else (None, [])
        if case is None:
            written = (test.given, test.expect, [item.message for item in wrong])
            said["rows"] = _without_places(written)
            return said
        for name, filled in case.given.items():
            said[f"input {name}"] = self._rows(filled, model)
        rows = self._rows(case.expect, model)
        said["expect"] = rows if test.ordered or not isinstance(rows, list) else sorted(rows)
        return said

    def _rows(self, filled: Filled, model: AssetName) -> list[str] | str:
        """Rows as texts of the columns in one order; a query as the digest of what it means."""
        if filled.sql is not None:
            dialect = self.world.dialect(self.world.assets[model])
            return self._query(None, filled.sql, (), dialect, shown=True)
        order = sorted(range(len(filled.columns)), key=lambda at: filled.columns[at].lower())
        names = [filled.columns[at].lower() for at in order]
        return [_text([names, *([_cell(row[at].value) for at in order],)]) for row in filled.rows]

    def _function(self, test: UnitTest) -> str:
        """Of a Python test: its own function, and what of the file is no test. What the file
        imports of the project is compared as it lies there."""
        path, own = test.span.path, test.function
        if path not in self._trees:
            files = self._side.workspace.files
            read = parse_python(files.read(path).decode("utf-8-sig", "replace"), path)
            self._trees[path] = read if isinstance(read, ast.Module) else None
        tree = self._trees[path]
        if tree is None:
            return test.digest
        others = {id(item) for item, _ in marked_with(tree, MARK) if item.name != own}
        kept = ast.Module([item for item in tree.body if id(item) not in others], [])
        parts: list[str] = [digest_tree(kept)]
        if not self._modules.keys().isdisjoint(imported_paths(tree, path)):
            parts += [f"{name} {digest}" for name, digest in self._modules.items() if name != path]
        return digest_parts(parts)

    @cached_property
    def _modules(self) -> Mapping[str, Digest]:
        entries = self._side.workspace.files.entries
        return {path: entry.digest for path, entry in entries.items() if path.endswith(".py")}

    # Written data tests --------------------------------------------------------------------------

    def of_query(self, test: WrittenTest, renamed: Mapping[AssetName, AssetName]) -> str:
        """Which rows a written test finds bad: not which columns of them it shows. `renamed` gives
        the names of now."""
        reads = [renamed.get(name, name) for name in test.reads]
        return self._query(test, test.sql, reads, self._side.compilation.slim.dialect, shown=False)

    def _query(
        self,
        test: WrittenTest | None,
        sql: str,
        reads: Sequence[AssetName],
        dialect: str,
        *,
        shown: bool,
    ) -> str:
        """`shown`: whether the columns count too."""
        unit, found = parse_query(None, Place("<test>", lambda: sql), sql, dialect)
        if unit is None or has_errors(found):
            return " ".join(sql.split())
        own = dict(zip(reads, test.reads if test is not None else (), strict=True))
        numbers = {PLACE.format(number): name for number, name in enumerate(reads)}
        tables = [numbers.get(table.parts[-1]) for table in unit.tables]
        schemas = {name: self._schema(own[name]) for name in reads}
        place = Place("<test>", lambda: sql)
        facts, _ = bind(None, unit, tables, schemas, place, dialect)
        if facts is None or None in tables:
            return " ".join(sql.split())
        prints = {
            name: evaluate.of_source(name, _untyped(schema), name)
            for name, schema in schemas.items()
        }
        found_prints = evaluate.of_query(facts, prints, "")
        return found_prints.whole.digest if shown else found_prints.rows.digest

    def _schema(self, name: AssetName) -> Schema:
        compilation = self._side.compilation
        return compilation.body(name).schema if name in compilation.assets else _OPEN


def _untyped(schema: Schema) -> Schema:
    """What a test says does not hang on the types of what it reads."""
    if schema.columns is None:
        return schema
    return Schema(tuple(SchemaColumn(column.name, UNKNOWN_TYPE) for column in schema.columns))


def _cell(value: Any) -> str | None:
    """A value as CSV would have it, so that rows mean the same in both forms."""
    if value is None or isinstance(value, str):
        return value
    return _text(value)


def _text(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def _without_places(value: Any) -> Any:
    return list(_flat(value))


def _flat(value: Any) -> Iterator[Any]:
    """What is written, part by part, without spans."""
    if isinstance(value, msgspec.Struct):
        for name, item in msgspec.structs.asdict(value).items():
            if name not in ("span", "places"):
                yield from _flat(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _flat(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value

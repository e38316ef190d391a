"""The macros of a project: who they are, what each uses, and a key for what they do.

SQL macros are read when the library is loaded and compiled by the first rendering that calls
one of their file. Jinja is imported only where there are macro files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from xform.base.codes import MACRO_DUPLICATE, MACRO_HIDES_BUILTIN
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.hashing import Digest, digest_parts, digest_text
from xform.base.spans import Span, file_span
from xform.template.builtins import BUILTIN_NAMES
from xform.template.reads import NOTHING

if TYPE_CHECKING:
    from jinja2 import Template, nodes

    from xform.template.parse import Parsed

ORIGIN_MARK = "__xform_origin__"
"""The attribute of a Python macro that holds its MacroOrigin."""

_MACRO_TAG = re.compile(r"\{%[-+]?\s*macro\s+(\w+)")


class MacroOrigin(msgspec.Struct, frozen=True):
    """Where a Python macro comes from. `digest` covers the project's code that it can reach."""

    path: str
    line: int
    digest: Digest

    @property
    def span(self) -> Span:
        return Span(self.path, self.line, 1, self.line, 1)


class PythonFunction(msgspec.Struct, frozen=True):
    name: str
    function: Callable[..., Any]
    origin: MacroOrigin | None

    @property
    def span(self) -> Span:
        return self.origin.span if self.origin else file_span("macros")

    @property
    def digest(self) -> Digest:
        if self.origin is not None:
            return self.origin.digest
        code = getattr(self.function, "__code__", None)
        return digest_text(f"{self.name} {code and (code.co_code, code.co_consts)!r}")


class MacroFile:
    """One file of SQL macros."""

    def __init__(self, path: str, parsed: Parsed) -> None:
        from jinja2 import nodes

        self.path = path
        self.parsed = parsed
        self.macros: list[nodes.Macro] = [
            node for node in parsed.tree.body if isinstance(node, nodes.Macro)
        ]
        self._common: list[nodes.Node] = [
            node for node in parsed.tree.body if not isinstance(node, nodes.Macro | nodes.Output)
        ]
        """What stands beside the macros, and what they may look at: `{% set %}`."""

    def without(self, names: Collection[str]) -> MacroFile:
        """The same file as if it did not define these."""
        other = MacroFile(self.path, self.parsed)
        other.macros = [macro for macro in self.macros if macro.name not in names]
        return other

    def span(self, macro: nodes.Macro) -> Span:
        """The macro's name where it is defined."""
        source = self.parsed.source
        tag = source.tag(macro.lineno - 1)
        return source.span(self.path, source.word(macro.name, tag) or tag)

    def macro_at(self, offset: int) -> str | None:
        """The name of the macro in whose text an offset lies."""
        before = [macro.name for macro in self.macros if macro.lineno - 1 <= offset]
        return before[-1] if before else None

    def digest(self, macro: nodes.Macro) -> Digest:
        """Of the macro's tree: how its tags are spaced does not matter."""
        return digest_parts([repr(macro), *map(repr, self._common)])

    def names(self, macro: nodes.Macro) -> frozenset[str]:
        """All names that the macro uses."""
        from jinja2 import nodes

        return frozenset(
            name.name
            for node in (macro, *self._common)
            for name in node.find_all(nodes.Name)
            if name.ctx == "load"
        )

    @cached_property
    def template(self) -> Template:
        """The compiled file. Raises what `compile_tree` raises."""
        from jinja2 import nodes

        from xform.template.parse import compile_tree, environment

        tree = nodes.Template([*self._common, *self.macros], lineno=1)
        tree.set_environment(environment())
        return compile_tree(tree)


@dataclass(frozen=True)
class MacroLibrary:
    """All macros by name. Empty by default."""

    sql: Mapping[str, tuple[MacroFile, nodes.Macro]] = field(default_factory=dict)
    python: Mapping[str, PythonFunction] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    """Macro → path, for those in files that cannot be read."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({*self.sql, *self.python}))

    @cached_property
    def _digests(self) -> dict[str, Digest]:
        return {}

    @cached_property
    def _closures(self) -> dict[str, tuple[str, ...]]:
        return {}

    def __contains__(self, name: object) -> bool:
        return name in self.sql or name in self.python

    def overridden(self, values: Mapping[str, Any]) -> MacroLibrary:
        """The same with macros that give a fixed value, whatever they are called with."""
        changed = {self.sql[name][0].path for name in values if name in self.sql}
        files: dict[str, MacroFile] = {}
        sql: dict[str, tuple[MacroFile, nodes.Macro]] = {}
        for name, (file, macro) in self.sql.items():
            if name in values:
                continue
            if file.path in changed:
                file = files.setdefault(file.path, file.without(values.keys()))
            sql[name] = (file, macro)
        fixed = {name: PythonFunction(name, _always(value), None) for name, value in values.items()}
        broken = {name: path for name, path in self.broken.items() if name not in values}
        return MacroLibrary(sql, {**self.python, **fixed}, broken)

    def digest(self, name: str) -> Digest:
        """Of one macro's own content; empty for none of this name."""
        if name not in self._digests:
            if name in self.sql:
                file, macro = self.sql[name]
                self._digests[name] = file.digest(macro)
            elif name in self.python:
                self._digests[name] = self.python[name].digest
            else:
                return NOTHING
        return self._digests[name]

    def uses(self, name: str) -> tuple[str, ...]:
        """The macros that a macro refers to itself, sorted."""
        if name not in self.sql:
            return ()
        file, macro = self.sql[name]
        return tuple(sorted(used for used in file.names(macro) if used in self and used != name))

    def closure(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that are macros, with all that they use, sorted."""
        found: set[str] = set()
        for name in names:
            found.update(self._closure(name))
        return tuple(sorted(found))

    def _closure(self, name: str) -> tuple[str, ...]:
        if name not in self._closures:
            found: set[str] = set()
            waiting = [name] if name in self else []
            while waiting:
                current = waiting.pop()
                if current not in found:
                    found.add(current)
                    waiting.extend(self.uses(current))
            self._closures[name] = tuple(sorted(found))
        return self._closures[name]

    def key(self, name: str) -> Digest:
        """A digest of a macro and of all that it uses; empty for none of this name."""
        closure = self._closure(name)
        if not closure:
            return NOTHING
        return digest_parts(part for used in closure for part in (used, self.digest(used)))


def _always(value: Any) -> Callable[..., Any]:
    def fixed(*args: Any, **keywords: Any) -> Any:
        return value

    return fixed


def load_macros(
    files: Mapping[str, str], functions: Mapping[str, Callable[..., Any]]
) -> tuple[MacroLibrary, list[Diagnostic]]:
    """Read macro files (path → text) and take up Python macros (name → function).

    Of two macros with one name the first counts, in order of path; Python macros come last.
    """
    sql: dict[str, tuple[MacroFile, nodes.Macro]] = {}
    python: dict[str, PythonFunction] = {}
    broken: dict[str, str] = {}
    places: dict[str, Span] = {}
    diagnostics: list[Diagnostic] = []

    def admit(name: str, span: Span) -> bool:
        if name in BUILTIN_NAMES:
            diagnostics.append(_hides_builtin(name, span))
        elif name in places:
            diagnostics.append(_duplicate(name, places[name], span))
        else:
            places[name] = span
            return True
        return False

    for found in _read(files):
        match found:
            case MacroFile():
                for macro in found.macros:
                    if admit(macro.name, found.span(macro)):
                        sql[macro.name] = (found, macro)
            case (path, finding):
                diagnostics.append(finding)
                broken.update(dict.fromkeys(_MACRO_TAG.findall(files[path]), path))
    for name, function in sorted(functions.items()):
        python_macro = PythonFunction(name, function, getattr(function, ORIGIN_MARK, None))
        if admit(name, python_macro.span):
            python[name] = python_macro
    for name in places:
        broken.pop(name, None)
    return MacroLibrary(sql, python, broken), diagnostics


def _read(files: Mapping[str, str]) -> Iterator[MacroFile | tuple[str, Diagnostic]]:
    for path in sorted(files):
        if "{%" not in files[path]:
            continue
        from xform.template.parse import SyntaxFault, parse

        parsed = parse(files[path])
        if isinstance(parsed, SyntaxFault):
            yield path, parsed.diagnostic(path)
        else:
            yield MacroFile(path, parsed)


def _duplicate(name: str, first: Span, second: Span) -> Diagnostic:
    return diagnose(
        MACRO_DUPLICATE,
        f"two macros are named '{name}'",
        second,
        "rename one of them, or remove it",
        labels=[Label(first, "the other one")],
    )


def _hides_builtin(name: str, span: Span) -> Diagnostic:
    return diagnose(
        MACRO_HIDES_BUILTIN,
        f"'{name}' is built in and cannot be a macro",
        span,
        f"rename the macro, for instance to 'my_{name}'",
    )

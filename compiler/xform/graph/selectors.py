"""`selectors.yml`: named selections, in all forms that dbt's users know.

A definition is an argument as on the command line, `{method: value}`, a mapping with `method` and
`value` and its operators, or a `union` or `intersection` of definitions, from which one `exclude`
is taken at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from xform.base.codes import SELECTION_SYNTAX, SELECTOR_CYCLE, SELECTOR_FORM, SELECTOR_UNKNOWN
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import did_you_mean
from xform.base.spans import Span
from xform.graph.order import order
from xform.graph.selection.grammar import (
    AROUND_HELP,
    AROUND_OR_BELOW,
    at_span,
    check_method,
    parse,
)
from xform.graph.selection.request import INDIRECT
from xform.graph.selection.spec import (
    SELECTOR,
    Criterion,
    Difference,
    Intersection,
    Reach,
    Selector,
    Selectors,
    Spec,
    Union,
    criteria,
)
from xform.project.values import Entry, Mapping, Scalar, Sequence, Value, is_null, sort_of
from xform.project.yaml import read_yaml

_KEYS = ("name", "description", "default", "definition")
_DETAILS = (
    "method",
    "value",
    "parents",
    "parents_depth",
    "children",
    "children_depth",
    "childrens_parents",
    "indirect_selection",
    "exclude",
)
_SETS = ("union", "intersection")
_FORMS = "an argument as for --select, {method: value}, {union: [...]} or {intersection: [...]}"


def read_selectors(
    text: str, path: str, render: Callable[[str], str] | None = None
) -> tuple[Selectors, list[Diagnostic]]:
    """The selectors in a file's text. Definitions with an error are left out.

    `render` turns a `default` that is a template into `true` or `false`.
    """
    document, diagnostics = read_yaml(text, path)
    reading = _Reading(render, diagnostics)
    return reading.file(document), reading.diagnostics


class _Reading:
    """One walk over one file."""

    def __init__(self, render: Callable[[str], str] | None, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        self._render = render

    def file(self, document: Value | None) -> Selectors:
        if document is None:
            return Selectors()
        if not isinstance(document, Mapping):
            self._wrong("the file is no mapping", document.span, "begin it with 'selectors:'")
            return Selectors()
        self._known_keys(document, ("selectors", "version"), "the file")
        listed = document.get("selectors")
        if listed is None or is_null(listed):
            return Selectors()
        named: dict[str, Selector] = {}
        defaults: list[tuple[str, Span]] = []
        for item in self._items(listed, "selectors"):
            self._selector(item, named, defaults)
        for name, span in defaults[1:]:
            first, first_span = defaults[0]
            self._wrong(
                f"'{name}' and '{first}' are both the default selector",
                span,
                "keep 'default: true' at one of them",
                Label(first_span, "the first default"),
            )
        self._references(named)
        default = next((name for name, _ in defaults if name in named), None)
        return Selectors(named, default)

    def _selector(
        self, item: Value, named: dict[str, Selector], defaults: list[tuple[str, Span]]
    ) -> None:
        if not isinstance(item, Mapping):
            self._wrong(
                f"a selector is {sort_of(item)}, not a mapping",
                item.span,
                "write '- name: …' with 'definition: …' below it",
            )
            return
        self._known_keys(item, _KEYS, "a selector")
        name = item.get("name")
        if not isinstance(name, Scalar) or not name.text or is_null(name):
            self._wrong("a selector has no name", item.span, "add 'name: …'")
            return
        definition = item.get("definition")
        if definition is None or is_null(definition):
            self._wrong(
                f"selector '{name.text}' has no definition",
                name.span,
                f"add 'definition:' {_FORMS}",
            )
            return
        if name.text in named:
            self._wrong(
                f"selector '{name.text}' is defined twice",
                name.span,
                "rename one of the two",
                Label(named[name.text].span, "first here"),
            )
            return
        given = item.get("default")
        if given is not None and self._default(given):
            defaults.append((name.text, given.span))
        spec = self._definition(definition, root=True)
        if spec is not None:
            description = item.get("description")
            said = description.text.strip() if isinstance(description, Scalar) else ""
            named[name.text] = Selector(name.text, spec, name.span, said)

    def _definition(self, value: Value, *, root: bool = False) -> Spec | None:
        match value:
            case Scalar(value=str()):
                spec, wrong = parse(value.text, at_span(value.span))
                self.diagnostics += wrong
                return None if spec is None else _without_warning(spec)
            case Mapping():
                found = [entry for entry in value if entry.name in _SETS]
                if found:
                    return self._set(value, found[0], root=root)
                return self._method(value)
            case _:
                self._wrong(f"a definition is {sort_of(value)}", value.span, f"write {_FORMS}")
                return None

    def _set(self, mapping: Mapping, entry: Entry, *, root: bool) -> Spec | None:
        """A union or intersection; an item that is only `exclude` is taken off at the end."""
        if len(mapping.entries) > 1:
            other = next(each for each in mapping if each is not entry)
            place = "at the root of a definition" if root else "in one definition"
            self._wrong(
                f"'{entry.name}' and '{other.name}' stand side by side {place}",
                other.key.span,
                f"put one inside the other: '- {other.name}: …' among the items of '{entry.name}'",
            )
            return None
        parts: list[Spec] = []
        excluded: Entry | None = None
        taken: Spec | None = None
        broken = False
        for item in self._items(entry.value, entry.name):
            if isinstance(item, Mapping) and [each.name for each in item] == ["exclude"]:
                if excluded is not None:
                    self._wrong(
                        f"'{entry.name}' has a second 'exclude'",
                        item.entries[0].key.span,
                        "list everything to exclude under the first",
                        Label(excluded.key.span, "first here"),
                    )
                    broken = True
                    continue
                excluded = item.entries[0]
                taken = self._exclude(excluded)
                broken |= taken is None
                continue
            part = self._definition(item)
            broken |= part is None
            if part is not None:
                parts.append(part)
        if broken:
            return None
        if not parts:
            if isinstance(entry.value, Sequence):
                help_text = "list what it is made of"
                self._wrong(f"'{entry.name}' has no items", entry.key.span, help_text)
            return None
        base = Union(tuple(parts)) if entry.name == "union" else Intersection(tuple(parts))
        return base if taken is None else Difference(base, taken)

    def _exclude(self, entry: Entry) -> Spec | None:
        items = self._items(entry.value, "exclude")
        parts = [self._definition(item) for item in items]
        kept = tuple(part for part in parts if part is not None)
        if not items and isinstance(entry.value, Sequence):
            self._wrong("'exclude' has no items", entry.key.span, "list what to take off")
        return Union(kept) if items and len(kept) == len(parts) else None

    def _method(self, mapping: Mapping) -> Spec | None:
        if len(mapping.entries) == 1 and mapping.entries[0].name not in _DETAILS:
            entry = mapping.entries[0]
            return self._criterion(entry.key, entry.value, Reach(), None)
        before = len(self.diagnostics)
        self._known_keys(mapping, _DETAILS, "a definition")
        method, value = mapping.get("method"), mapping.get("value")
        if not isinstance(method, Scalar) or value is None:
            lacking = "value" if isinstance(method, Scalar) else "method"
            self._wrong(f"a definition has no '{lacking}'", mapping.span, f"write {_FORMS}")
            return None
        around = self._flag(mapping, "childrens_parents")
        reach = Reach(
            parents=self._flag(mapping, "parents"),
            parents_depth=self._depth(mapping, "parents_depth"),
            children=self._flag(mapping, "children"),
            children_depth=self._depth(mapping, "children_depth"),
            childrens_parents=around,
        )
        if around and reach.children:
            self.diagnostics.append(
                diagnose(
                    SELECTION_SYNTAX,
                    f"{AROUND_OR_BELOW}: 'childrens_parents' and 'children' are both set",
                    mapping.span,
                    AROUND_HELP,
                )
            )
        base = self._criterion(method, value, reach, self._indirect(mapping))
        exclude = next((entry for entry in mapping if entry.name == "exclude"), None)
        taken = None if exclude is None else self._exclude(exclude)
        if base is None or len(self.diagnostics) > before:
            return None
        return base if taken is None else Difference(base, taken)

    def _criterion(
        self, method: Scalar, value: Value, reach: Reach, indirect: str | None
    ) -> Criterion | None:
        name, _, rest = method.text.partition(".")
        arguments = tuple(rest.split(".")) if rest else ()
        wrong = check_method(name, arguments, method.span)
        if wrong is not None:
            self.diagnostics.append(wrong)
            return None
        if not isinstance(value, Scalar) or is_null(value) or not value.text:
            self._wrong(
                f"the value of '{method.text}' is {_shown(value)}",
                value.span,
                "write one value; several make a 'union' of definitions",
            )
            return None
        return Criterion(name, value.text, value.span, arguments, reach, indirect)

    def _references(self, named: dict[str, Selector]) -> None:
        """Tell of selectors that name unknown ones or each other in a circle; drop the latter."""
        uses = {
            name: {
                leaf.value: leaf.span for leaf in criteria(selector.spec) if leaf.method == SELECTOR
            }
            for name, selector in named.items()
        }
        for used in uses.values():
            for name, span in used.items():
                if name not in named:
                    help_text = did_you_mean(name, named) or "define it in this file"
                    self.diagnostics.append(
                        diagnose(SELECTOR_UNKNOWN, f"unknown selector '{name}'", span, help_text)
                    )
        _, cycles = order({name: sorted(used) for name, used in uses.items()})
        for cycle in cycles:
            edges = list(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
            spans = [uses[user][used] for user, used in edges]
            self.diagnostics.append(
                diagnose(
                    SELECTOR_CYCLE,
                    f"circular selectors: {' → '.join((*cycle, cycle[0]))}",
                    spans[0],
                    "take one of these references out",
                    labels=[
                        Label(span, f"{user} uses {used}")
                        for (user, used), span in zip(edges[1:], spans[1:], strict=True)
                    ],
                )
            )
        for name in {name for cycle in cycles for name in cycle}:
            del named[name]

    def _default(self, value: Value) -> bool:
        text = value.text if isinstance(value, Scalar) else ""
        if self._render is not None and "{" in text:
            text = self._render(text).strip()
        if text.lower() not in ("true", "false"):
            self._wrong(
                f"'default' is {_shown(value)}, not true or false",
                value.span,
                "write 'default: true'",
            )
        return text.lower() == "true"

    def _flag(self, mapping: Mapping, key: str) -> bool:
        value = mapping.get(key)
        if value is None:
            return False
        text = value.text.lower() if isinstance(value, Scalar) else ""
        if text not in ("true", "false"):
            self._wrong(f"'{key}' is not true or false", value.span, f"write '{key}: true'")
        return text == "true"

    def _depth(self, mapping: Mapping, key: str) -> int | None:
        value = mapping.get(key)
        if value is None:
            return None
        match value:
            case Scalar(value=int(depth)) if not isinstance(depth, bool) and depth >= 0:
                return depth
            case _:
                self._wrong(f"'{key}' is no whole number", value.span, f"write '{key}: 2'")
                return None

    def _indirect(self, mapping: Mapping) -> str | None:
        value = mapping.get("indirect_selection")
        if value is None:
            return None
        if isinstance(value, Scalar) and value.text in INDIRECT:
            return value.text
        near = did_you_mean(value.text, INDIRECT) if isinstance(value, Scalar) else ""
        self._wrong(
            f"'indirect_selection' is {_shown(value)}",
            value.span,
            near or f"write one of {', '.join(INDIRECT)}",
        )
        return None

    def _items(self, value: Value, key: str) -> tuple[Value, ...]:
        if isinstance(value, Sequence):
            return value.items
        self._wrong(f"'{key}' is {sort_of(value)}, not a list", value.span, "begin items with '- '")
        return ()

    def _known_keys(self, mapping: Mapping, known: Collection[str], what: str) -> None:
        for entry in mapping:
            if entry.name not in known:
                help_text = did_you_mean(entry.name, known) or f"known are {', '.join(known)}"
                self._wrong(f"{what} has no key '{entry.name}'", entry.key.span, help_text)

    def _wrong(self, message: str, span: Span, help_text: str, *labels: Label) -> None:
        self.diagnostics.append(diagnose(SELECTOR_FORM, message, span, help_text, labels=labels))


def _shown(value: Value) -> str:
    return f"'{value.text}'" if isinstance(value, Scalar) and value.text else sort_of(value)


def _without_warning(spec: Spec) -> Spec:
    """A part of a definition may match nothing: only the whole selector is warned of."""
    match spec:
        case Union(parts):
            return Union(tuple(map(_without_warning, parts)))
        case Intersection(parts):
            return parts[0] if len(parts) == 1 else Intersection(parts)
        case _:
            return spec

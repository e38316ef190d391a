"""Templates of the commonest kind, carried out without Jinja's parser and compiler.

Read here are data, comments, `{{ … }}` around a literal, a name or a call of a name, and one level
of `{% for name in … %}`; arguments are literals, names and such calls. What is read comes out as
Jinja would have it, token by token and place by place (`tests/template/test_plain_templates.py`
compares them). For anything else, and for whatever goes wrong, the answer is None: then Jinja
reads the template, and says what there is to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from jinja2.utils import missing

from xform.template.environment import RenderContext, printed
from xform.template.source import TemplateSource

_TAG = re.compile(r"\{[{%#][-+]?")
_COMMENT = re.compile(r"(.*?)((?:\+#\}|-#\}\s*|#\}))", re.DOTALL)
_END = {"{{": re.compile(r"-\}\}\s*|\}\}"), "{%": re.compile(r"-%\}\s*|%\}")}
_INSIDE = re.compile(
    r"(?P<whitespace>\s+)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*(?!\w))"
    r"|(?P<integer>(?:[1-9][0-9]{0,17}|0)(?![\w.]))"
    r"|(?P<string>'[^'\\]*'|\"[^\"\\]*\")"
    r"|(?P<operator>[(),\[\]{}:]|=(?!=))"
)
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*\s*=(?!=)")
_SPACE = re.compile(r"\s+")
_KINDS = {"{{": "variable", "{%": "block", "{#": "comment"}

_CONSTANTS = {
    "true": True, "True": True, "false": False, "False": False, "none": None, "None": None,
}  # fmt: skip
_RESERVED = frozenset(
    [
        *("and", "or", "not", "in", "is", "if", "elif", "else", "for", "endfor", "recursive"),
        *("loop", "self", "super", "caller", "varargs", "kwargs"),
    ]
)
_DEPTH = 10
"""Brackets within brackets."""


class _NotPlain(Exception):  # noqa: N818 - ends the reading, never leaves this module
    pass


@dataclass(frozen=True, slots=True)
class _Literal:
    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class _Items:
    items: tuple[_Expr, ...]


@dataclass(frozen=True, slots=True)
class _Pairs:
    pairs: tuple[tuple[_Expr, _Expr], ...]


@dataclass(frozen=True, slots=True)
class _Name:
    name: str


@dataclass(frozen=True, slots=True)
class _Call:
    """`place` is that of the opening parenthesis, plus 1."""

    name: str
    place: int
    args: tuple[_Expr, ...]
    keywords: tuple[tuple[str, _Expr], ...]


_Expr: TypeAlias = _Literal | _Items | _Pairs | _Name | _Call


@dataclass(frozen=True, slots=True)
class _Data:
    place: int
    text: str


@dataclass(frozen=True, slots=True)
class _Print:
    place: int
    value: _Expr


@dataclass(frozen=True, slots=True)
class _Loop:
    target: str
    items: _Expr
    body: list[_Data | _Print]


_Piece: TypeAlias = _Data | _Print | _Loop


class PlainTemplate:
    """Stands for the tree and the compiled code of a template both."""

    def __init__(
        self,
        source: TemplateSource,
        pieces: Sequence[_Piece],
        names: frozenset[str],
        stored: frozenset[str],
    ) -> None:
        self.source = source
        self.names = names
        self.stored = stored
        self._pieces = pieces

    def root_render_func(self, context: RenderContext) -> Iterator[tuple[bool, int, str]]:
        """`(is data, offset + 1, text)` of each piece of the output. Raises anything."""
        variables: dict[str, Any] = {}
        for piece in self._pieces:
            if not isinstance(piece, _Loop):
                yield _written(piece, context, variables)
                continue
            items = _value(piece.items, context, variables)
            if not isinstance(items, list) or not items:
                raise _NotPlain
            cost = sum(len(inner.text) for inner in piece.body if isinstance(inner, _Data))
            for item in items:
                inside = {piece.target: item}
                context.tick(cost)
                for inner in piece.body:
                    yield _written(inner, context, inside)


def _written(
    piece: _Data | _Print, context: RenderContext, variables: Mapping[str, Any]
) -> tuple[bool, int, str]:
    if isinstance(piece, _Data):
        return True, piece.place, piece.text
    return False, piece.place, str(printed(context, _value(piece.value, context, variables)))


def _value(expr: _Expr, context: RenderContext, variables: Mapping[str, Any]) -> Any:
    match expr:
        case _Literal(value):
            return value
        case _Name(name):
            return _named(name, context, variables)
        case _Call(name, place, args, keywords):
            function = _named(name, context, variables)
            return context.environment.call_at(  # type: ignore[attr-defined]
                context,
                place,
                function,
                *[_value(arg, context, variables) for arg in args],
                **{key: _value(value, context, variables) for key, value in keywords},
            )
        case _Items(items):
            return [_value(item, context, variables) for item in items]
        case _Pairs(pairs):
            return {
                _value(key, context, variables): _value(value, context, variables)
                for key, value in pairs
            }


def _named(name: str, context: RenderContext, variables: Mapping[str, Any]) -> Any:
    value = variables[name] if name in variables else context.session.lookup(name)
    if value is missing:
        raise _NotPlain
    return value


def read_plain(text: str) -> PlainTemplate | None:
    """The template in a text, where it is of this kind."""
    source = TemplateSource(text)
    reading = _Reading(source)
    try:
        pieces = reading.pieces()
    except _NotPlain:
        return None
    return PlainTemplate(source, pieces, frozenset(reading.names), frozenset(reading.stored))


class _Reading:
    """One walk over a template's text."""

    def __init__(self, source: TemplateSource) -> None:
        self.names: set[str] = set()
        self.stored: set[str] = set()
        self._source = source
        self._text = source.text
        self._at = 0
        self._depth = 0

    def pieces(self) -> list[_Piece]:
        text = self._text
        done: list[_Piece] = []
        body: list[Any] = done
        loop: _Loop | None = None
        while (tag := _TAG.search(text, self._at)) is not None:
            self._data(tag.start(), tag[0], body)
            if tag[0].endswith("+"):
                raise _NotPlain
            opening = tag[0][:2]
            self._token(_KINDS[opening] + "_begin", tag[0])
            if opening == "{#":
                self._comment()
            elif opening == "{{":
                self._space()
                body.append(_Print(tag.start() + 1, self._expr()))
                self._end(opening)
            elif loop is None:
                loop = self._for()
                done.append(loop)
                body = loop.body
            else:
                self._space()
                if self._take("name") != "endfor":
                    raise _NotPlain
                self._space()
                self._end(opening)
                loop, body = None, done
        if loop is not None:
            raise _NotPlain
        self._data(len(text), "", body)
        return done

    def _data(self, end: int, tag: str, body: list[Any]) -> None:
        data = self._text[self._at : end]
        if tag.endswith("-"):
            data = data.rstrip()
        if data:
            body.append(_Data(self._at + 1, data))
            self._token("data", data)
        self._at = end

    def _comment(self) -> None:
        found = _COMMENT.match(self._text, self._at)
        if found is None:
            raise _NotPlain
        if found[1]:
            self._token("comment", found[1])
        self._token("comment_end", found[2])

    def _for(self) -> _Loop:
        self._space()
        words = []
        for _ in range(2):
            words.append(self._take("name"))
            self._space()
        target = words[1]
        if words[0] != "for" or target in _RESERVED or target in _CONSTANTS:
            raise _NotPlain
        if self._take("name") != "in":
            raise _NotPlain
        self._space()
        items = self._expr()
        self._end("{%")
        self.stored.add(target)
        return _Loop(target, items, [])

    # Expressions ---------------------------------------------------------------------------------

    def _expr(self) -> _Expr:
        """An expression, and the space behind it."""
        kind, value, _ = self._next()
        result: _Expr
        if kind == "string":
            result = _Literal(value[1:-1])
        elif kind == "integer":
            result = _Literal(int(value))
        elif kind == "name" and value in _CONSTANTS:
            result = _Literal(_CONSTANTS[value])
        elif kind == "name" and value not in _RESERVED:
            self.names.add(value)
            result = self._call(value) if self._text.startswith("(", self._at) else _Name(value)
        elif value == "[":
            result = _Items(tuple(item for _, item in self._listed("]", keywords=False)))
        elif value == "{":
            result = _Pairs(self._pairs())
        else:
            raise _NotPlain
        self._space()
        return result

    def _call(self, name: str) -> _Call:
        place = self._next()[2]
        listed = self._listed(")", keywords=True)
        args = [value for key, value in listed if key is None]
        keywords = [(key, value) for key, value in listed if key is not None]
        if any(key is not None for key, _ in listed[: len(args)]):
            raise _NotPlain  # a positional argument behind one by name
        if len(dict(keywords)) < len(keywords):
            raise _NotPlain
        return _Call(name, place, tuple(args), tuple(keywords))

    def _listed(self, closing: str, *, keywords: bool) -> list[tuple[str | None, _Expr]]:
        """Expressions between commas, up to the closing bracket."""
        self._deeper()
        found: list[tuple[str | None, _Expr]] = []
        self._space()
        while not self._closed(closing):
            key = None
            if keywords and _KEYWORD.match(self._text, self._at):
                key = self._take("name")
                if key in _CONSTANTS or key in _RESERVED:
                    raise _NotPlain
                self._space()
                self._operator("=")
            found.append((key, self._expr()))
            self._comma(closing)
        self._depth -= 1
        return found

    def _pairs(self) -> tuple[tuple[_Expr, _Expr], ...]:
        self._deeper()
        found = []
        self._space()
        while not self._closed("}"):
            key = self._expr()
            if not isinstance(key, _Literal):
                raise _NotPlain
            self._operator(":")
            found.append((key, self._expr()))
            self._comma("}")
        self._depth -= 1
        return tuple(found)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise _NotPlain

    # Tokens --------------------------------------------------------------------------------------

    def _closed(self, closing: str) -> bool:
        if not self._text.startswith(closing, self._at):
            return False
        self._token("operator", closing)
        return True

    def _comma(self, closing: str) -> None:
        """A comma, which may be missing before the closing bracket only."""
        if not self._text.startswith(closing, self._at):
            self._operator(",")

    def _operator(self, wanted: str) -> None:
        if self._take("operator") != wanted:
            raise _NotPlain
        self._space()

    def _take(self, wanted: str) -> str:
        kind, value, _ = self._next()
        if kind != wanted:
            raise _NotPlain
        return value

    def _next(self) -> tuple[str, str, int]:
        """The next token inside a tag: kind, text, and place (offset + 1)."""
        found = _INSIDE.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            raise _NotPlain
        place = self._at + 1
        self._token(found.lastgroup, found[0])
        return found.lastgroup, found[0], place

    def _space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        if found is not None:
            self._token("whitespace", found[0])

    def _end(self, opening: str) -> None:
        found = _END[opening].match(self._text, self._at)
        if found is None:
            raise _NotPlain
        self._token(_KINDS[opening] + "_end", found[0])

    def _token(self, kind: str, value: str) -> None:
        self._source.take((self._at + 1, kind, value))
        self._at += len(value)

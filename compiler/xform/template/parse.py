"""From text to Jinja's tree and code: once per text and process."""

from __future__ import annotations

import functools
import re
import warnings
from dataclasses import dataclass
from io import StringIO

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from xform.base.codes import (
    TEMPLATE_FILTER,
    TEMPLATE_SYNTAX,
    TEMPLATE_TAG,
    TEMPLATE_TOO_DEEP,
    TEMPLATE_UNCLOSED,
    TEMPLATE_UNSUPPORTED,
    Code,
)
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.template.environment import ForgivingGenerator, TemplateEnvironment
from xform.template.source import Range, TemplateSource

_BLOCKS = ("if", "for", "set", "macro", "call", "filter", "with", "raw")
TAGS = (
    *_BLOCKS,
    *(f"end{block}" for block in _BLOCKS),
    *("elif", "else", "do", "break", "continue"),
)

UNSUPPORTED: dict[type[nodes.Node], str] = {
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.ScopedEvalContextModifier: "autoescape",
}

_PLAIN_WORDS = (
    ("'end of print statement'", "'}}'"),
    ("'end of statement block'", "'%}'"),
    ("'begin of statement block'", "'{%'"),
    ("'begin of print statement'", "'{{'"),
    ("'end of template'", "the end of the file"),
    ("end of template", "end of the file"),
)


class Parsed:
    """A template that could be read. `names` are all that it uses, `stored` all that it sets."""

    def __init__(self, source: TemplateSource, tree: nodes.Template, survey: _Survey) -> None:
        self.source = source
        self.tree = tree
        self.names = frozenset(survey.names)
        self.stored = frozenset(survey.stored)


class _Survey:
    """One walk over a tree, in the order in which it was written."""

    def __init__(self, tree: nodes.Template) -> None:
        self.names: set[str] = set()
        self.stored: set[str] = set()
        self.unsupported: nodes.Node | None = None
        self.stray: nodes.Node | None = None
        """A `break` or `continue` outside of every loop, which only Python's compiler would
        notice."""
        waiting: list[tuple[nodes.Node, bool]] = [(tree, False)]
        while waiting:
            node, in_loop = waiting.pop()
            if isinstance(node, nodes.Name):
                (self.names if node.ctx == "load" else self.stored).add(node.name)
            elif type(node) in UNSUPPORTED:
                self.unsupported = self.unsupported or node
            elif isinstance(node, nodes.Break | nodes.Continue) and not in_loop:
                self.stray = self.stray or node
            body = set(map(id, node.body)) if isinstance(node, nodes.For) else ()
            inner = [(child, in_loop or id(child) in body) for child in node.iter_child_nodes()]
            waiting.extend(reversed(inner))


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """Why a template cannot be read, and where in its normal text."""

    source: TemplateSource
    code: Code
    message: str
    help: str
    place: Range
    label: tuple[Range, str] | None = None

    def diagnostic(self, path: str, asset: AssetName | None = None) -> Diagnostic:
        labels = []
        if self.label is not None:
            labels.append(Label(self.source.span(path, self.label[0]), self.label[1]))
        span = self.source.span(path, self.place)
        return diagnose(self.code, self.message, span, self.help, asset=asset, labels=labels)


@functools.cache
def environment() -> TemplateEnvironment:
    return TemplateEnvironment()


class _PlacedParser(Parser):
    """Jinja's parser over tokens with places. `opened` are the tags being read, outermost first."""

    def __init__(self, jinja: TemplateEnvironment, source: TemplateSource) -> None:
        super().__init__(jinja, "")
        self.stream = TokenStream(jinja.lexer.wrap(source.tokens), None, None)
        self.opened: list[int] = []

    def parse_statement(self) -> nodes.Node | list[nodes.Node]:
        self.opened.append(self.stream.current.lineno - 1)
        statement = super().parse_statement()
        self.opened.pop()  # on an error it stays: that is what the error is told by
        return statement


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Parsed | SyntaxFault:
    """Read a template. Nothing is compiled yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text like '\d' holds no escape, and stays so
        return _parse(text)


def _parse(text: str) -> Parsed | SyntaxFault:
    jinja = environment()
    source = TemplateSource(text)
    try:
        source.scan(jinja.lexer)
    except TemplateSyntaxError as error:
        return _scan_fault(source, error)
    try:
        parser = _PlacedParser(jinja, source)
    except TemplateSyntaxError as error:  # the first token is read at once
        return _parse_fault(source, error, [])
    try:
        tree = parser.parse()
        survey = _Survey(tree)
        return _refused(source, survey) or Parsed(source, tree, survey)
    except TemplateSyntaxError as error:
        return _parse_fault(source, error, parser.opened)
    except RecursionError:
        return _too_deep(source, parser.opened)


def _refused(source: TemplateSource, survey: _Survey) -> SyntaxFault | None:
    """What Jinja can read and templates may not hold."""
    if (node := survey.unsupported) is not None:
        tag = UNSUPPORTED[type(node)]
        return SyntaxFault(
            source,
            TEMPLATE_UNSUPPORTED,
            f"'{tag}' is not available in templates",
            "call a macro instead: those of macros/ are known everywhere without an import",
            source.tag(node.lineno - 1),
        )
    if (stray := survey.stray) is not None:
        name = "break" if isinstance(stray, nodes.Break) else "continue"
        return SyntaxFault(
            source,
            TEMPLATE_TAG,
            f"'{name}' outside of a loop",
            "remove it, or put it between {% for %} and {% endfor %}",
            source.tag(stray.lineno - 1),
        )
    return None


def compile_tree(tree: nodes.Template) -> Template:
    """Python code for a tree. Raises TemplateSyntaxError, and what Python's compiler raises."""
    jinja = environment()
    code = jinja.compile(tree, name="template", filename="<template>")
    return Template.from_code(jinja, code, {})


def compile_forgiving(tree: nodes.Template) -> Template:
    """The same for a tree that has been compiled, as code that goes on where printing fails."""
    jinja = environment()
    written = StringIO()
    ForgivingGenerator(jinja, "template", "<template>", written).visit(tree)
    code = compile(written.getvalue(), "<template>", "exec")
    return Template.from_code(jinja, code, {})


@functools.lru_cache(maxsize=256)
def compile_text(text: str) -> tuple[Parsed, Template] | SyntaxFault:
    """Read and compile a template."""
    parsed = parse(text)
    if isinstance(parsed, SyntaxFault):
        return parsed
    try:
        return parsed, compile_tree(parsed.tree)
    except TemplateSyntaxError as error:
        return _parse_fault(parsed.source, error, [])
    except (RecursionError, SyntaxError, MemoryError):
        return _too_deep(parsed.source, [])


def _too_deep(source: TemplateSource, opened: list[int]) -> SyntaxFault:
    return SyntaxFault(
        source,
        TEMPLATE_TOO_DEEP,
        "tags or brackets are nested too deeply",
        "move the inner part into a macro",
        source.tag(opened[0]) if opened else source.first_tag(),
    )


def _reworded(message: str) -> str:
    for word, plain in _PLAIN_WORDS:
        message = message.replace(word, plain)
    return message[:1].lower() + message[1:].rstrip(".")


def _scan_fault(source: TemplateSource, error: TemplateSyntaxError) -> SyntaxFault:
    message = error.message or ""
    if message.startswith("Missing end of"):
        what = "{#" if "comment" in message else "{% raw %}"
        opening, _, value = source.tokens[-1]
        return SyntaxFault(
            source,
            TEMPLATE_UNCLOSED,
            f"'{what}' is never closed",
            "close it with '#}'" if what == "{#" else "close it with {% endraw %}",
            (opening - 1, opening - 1 + len(value.rstrip())),
        )
    at = source.scanned
    while at < len(source.text) and source.text[at].isspace():
        at += 1
    character = source.text[at : at + 1]
    if character and character in "'\"":
        message, help_text = "text in quotes is not closed", f"close it with {character}"
    elif expected := re.search(r", expected '(.)'$", message):
        help_text = f"close the bracket with '{expected[1]}' first"
    elif message.startswith("unexpected char "):
        message = f"unexpected character {character!r}"
        help_text = "remove it; text stands in quotes"
    else:
        help_text = f"remove '{character}', or add the bracket that it closes"
    place = (at, min(at + 1, len(source.text)))
    return _with_opening(source, _reworded(message), place, help_text)


def _parse_fault(
    source: TemplateSource, error: TemplateSyntaxError, opened: list[int]
) -> SyntaxFault:
    message, at = error.message or "", error.lineno - 1
    place = _token(source, at)
    if "unexpected end of template" in message:
        help_text = "close the tag with '}}' or '%}'"
        return _with_opening(source, _reworded(message), place, help_text)
    if unknown := re.match(r"Encountered unknown tag '(\w+)'", message):
        return _unknown_tag(source, unknown[1], place, opened)
    if missing := re.match(r"No (filter|test) named '(\w+)'", message):
        return _unknown_filter(source, missing[1], missing[2], at)
    if message.startswith("Unexpected end of template") and opened:
        tag = source.tag(opened[-1])
        name = _word_at(source, opened[-1])
        return SyntaxFault(
            source,
            TEMPLATE_UNCLOSED,
            f"'{name}' is never closed",
            f"close it with {{% end{name} %}}",
            tag,
        )
    return _with_opening(source, _reworded(message), place)


def _unknown_tag(source: TemplateSource, name: str, place: Range, opened: list[int]) -> SyntaxFault:
    inner = opened[-2] if len(opened) > 1 else None
    if name in TAGS:
        message = f"'{name}' has no opening tag here"
        label = None
        help_text = "remove it, or add the tag that it belongs to"
        if inner is not None:
            open_name = _word_at(source, inner)
            label = (source.tag(inner), f"'{open_name}' is still open")
            help_text = f"close '{open_name}' first, with {{% end{open_name} %}}"
        return SyntaxFault(source, TEMPLATE_TAG, message, help_text, place, label)
    near = did_you_mean(name, TAGS)
    return SyntaxFault(
        source,
        TEMPLATE_TAG,
        f"unknown tag '{name}'",
        near or f"the tags are {', '.join(tag for tag in TAGS if not tag.startswith('end'))}",
        place,
    )


def _unknown_filter(source: TemplateSource, kind: str, name: str, at: int) -> SyntaxFault:
    return SyntaxFault(
        source,
        TEMPLATE_FILTER,
        f"unknown {kind} '{name}'",
        filter_help(kind, name),
        source.word(name, source.tag(at)) or source.tag(at),
    )


def filter_help(kind: str, name: str) -> str:
    """The next step where a `filter` or `test` does not exist."""
    known = environment().filters if kind == "filter" else environment().tests
    return did_you_mean(name, known) or "write it as a macro, and call that"


def _with_opening(
    source: TemplateSource,
    message: str,
    place: Range,
    help_text: str = "correct the marked place; a tag reads {{ … }} or {% … %}",
) -> SyntaxFault:
    """A syntax error, with the tag in which it stands where that tag is not closed."""
    label = None
    if source.tag(place[0]) == (place[0], place[0]):
        openings = [
            (at - 1, at - 1 + len(value))
            for at, kind, value in source.tokens
            if kind in ("variable_begin", "block_begin") and at - 1 <= place[0]
        ]
        if openings:
            label = (openings[-1], "in the tag that opens here")
    return SyntaxFault(source, TEMPLATE_SYNTAX, message, help_text, place, label)


def _token(source: TemplateSource, offset: int) -> Range:
    for at, _, value in source.tokens:
        if at - 1 == offset:
            return offset, offset + max(len(value.rstrip()), 1)
    return source.tag(offset)


def _word_at(source: TemplateSource, offset: int) -> str:
    start, end = _token(source, offset)
    return source.text[start:end]

"""One rendering: its variables, what it has used up, where it stands, and what it wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from inspect import signature
from typing import Any

from jinja2.exceptions import TemplateSyntaxError
from jinja2.runtime import Undefined
from jinja2.utils import missing

from xform.base.codes import (
    MACRO_BROKEN,
    MACRO_PYTHON_FAILED,
    TEMPLATE_ARGUMENTS,
    TEMPLATE_MACRO,
)
from xform.base.diagnostics import Diagnostic, Label
from xform.base.hashing import Digest
from xform.base.names import AssetName, did_you_mean
from xform.base.spans import Segment, SourceMap, Span
from xform.template import limits
from xform.template.builtins import BUILTIN_NAMES, Builtin, Function, builtins
from xform.template.environment import RenderContext, UndefinedNameError
from xform.template.explain import explain
from xform.template.faults import TemplateFault, TooDeepError, TooMuchError
from xform.template.macros import MacroFile, MacroLibrary, PythonFunction
from xform.template.parse import SyntaxFault, compile_forgiving, compile_text, environment
from xform.template.plain import read_plain
from xform.template.reads import NOTHING, ReadLog, look
from xform.template.relation import This
from xform.template.rendered import PLACEHOLDER, Reference, Rendered
from xform.template.scope import Scope
from xform.template.source import Range
from xform.template.unit import Unit


class MacroHandle(Function):
    """A macro of the project under its name: its file is compiled and run by the first call."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.name = name

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._session.macro(self.name)(*args, **keywords)


class PythonMacro(Builtin):
    """A Python macro, whose errors become diagnostics."""

    def __init__(self, function: PythonFunction) -> None:
        self._function = function
        self.name = function.name

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        function = self._function.function
        try:
            expected = signature(function)
        except ValueError:  # a function written in C
            expected = None
        if expected is not None:
            try:
                expected.bind(*args, **keywords)
            except TypeError as error:
                raise TemplateFault(
                    TEMPLATE_ARGUMENTS,
                    f"{self.name}(): {error}",
                    f"its parameters are {self.name}{expected}",
                ) from error
        try:
            return function(*args, **keywords)
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise TemplateFault(
                MACRO_PYTHON_FAILED,
                f"Python macro '{self.name}' failed: {said}",
                "check the arguments of the call, and the macro",
                self._labels(error),
            ) from error

    def _labels(self, error: BaseException) -> Iterator[Label]:
        origin = self._function.origin
        code = getattr(self._function.function, "__code__", None)
        if origin is None or code is None:
            return
        line, at = origin.line, error.__traceback__
        while at is not None:
            if at.tb_frame.f_code.co_filename == code.co_filename:
                line = at.tb_lineno
            at = at.tb_next
        yield Label(Span(origin.path, line, 1, line, 1), f"raised here, in '{self.name}'")


class Session:
    """The state of one rendering. Implements `builtins.World`."""

    def __init__(self, model: Unit, scope: Scope, library: MacroLibrary) -> None:
        self.model = model
        self.scope = scope
        self.library = library
        self.budget = limits.Budget()
        self.settings: dict[str, Any] = {}
        self.faults: dict[object, Diagnostic] = {}
        """What has failed in a template that is looked through for all that does, each once."""
        self.calls: list[tuple[Unit, int]] = []
        """See explain.Stopped. Left as it is when an error passes, so that it tells where."""
        self.units: dict[int, Unit] = {id(model.template): model}
        """By identity of the compiled template."""
        self._references: dict[tuple[str, tuple[str, ...]], Reference] = {}
        self._log = ReadLog()
        self._files: dict[str, RenderContext] = {}
        this = This(self._asset, lambda: str(self._this()))
        self._builtins = {**environment().known_globals, **builtins(self, this)}

    # What built-ins ask for.

    def look(self, kind: str, name: str) -> bool:
        found = look(kind, name, self.scope)
        self._log.note(kind, name, found)
        return found != NOTHING

    def refer(self, call: str, arguments: tuple[str, ...]) -> int:
        key = (call, arguments)
        if key not in self._references:
            span = self.model.source.span(self.model.path, self._here(call))
            self._references[key] = Reference(call, arguments, span)
        return list(self._references).index(key)

    def _here(self, word: str) -> Range:
        """The place in the model that is being carried out: the outermost call, or a word."""
        source = self.model.source
        if self.calls:
            return source.call(self.calls[0][1])
        return source.word(word, source.everything) or (0, 0)

    def _asset(self) -> AssetName:
        self.look("asset", "name")
        return self.scope.asset

    def _this(self) -> str:
        return PLACEHOLDER.format(self.refer("this", ()))

    # What the compiled code asks for.

    def lookup(self, name: str) -> Any:
        """The value of a name that the template does not set itself."""
        if name in self._builtins:
            return self._builtins[name]
        self._log.note("macro", name, Digest(self.library.key(name)))
        if name in self.library.sql:
            return MacroHandle(self, name)
        if name in self.library.python:
            return PythonMacro(self.library.python[name])
        return missing

    def enter(self, unit: Unit, parenthesis: int) -> None:
        self.calls.append((unit, parenthesis))
        self.budget.step(limits.CALL)
        if len(self.calls) > limits.DEPTH:
            raise TooDeepError

    def leave(self) -> None:
        self.calls.pop()

    def failed(self, error: Exception) -> None:
        """Keep what is to be said of an expression that failed. Raises where that is the end."""
        fault = explain(self, error)
        inner = fault.labels[0].span if fault.labels else fault.span
        self.faults.setdefault((fault.code, fault.message, inner), fault)
        self.calls.clear()
        self.budget.step(limits.FAILURE)
        if isinstance(error, TooMuchError | MemoryError):
            raise error

    def check_callable(self, function: Any) -> None:
        """Raises where a call names nothing."""
        if not isinstance(function, Undefined):
            return
        try:
            str(function)
        except UndefinedNameError as error:
            if not error.is_variable or error.hint:
                raise
            name = str(error.name)
        if name in self.library.broken:
            raise TemplateFault(
                MACRO_BROKEN,
                f"macro '{name}' cannot be used",
                f"correct {self.library.broken[name]} first",
            )
        near = did_you_mean(name, {*self.library.names, *BUILTIN_NAMES, *self.model.parsed.stored})
        help_text = near or "define it in a file under macros/"
        raise TemplateFault(TEMPLATE_MACRO, f"unknown macro '{name}'", help_text)

    def macro(self, name: str) -> Any:
        """The callable of a SQL macro, bound to this rendering."""
        file, _ = self.library.sql[name]
        if file.path not in self._files:
            self._run_file(name, file)
        found = self._files[file.path].vars.get(name)
        if found is None:  # the file's own statements call it before it is defined
            raise TemplateFault(
                TEMPLATE_MACRO,
                f"macro '{name}' is called before its file has defined it",
                f"call it inside a macro of {file.path}, not beside the macros",
            )
        return found

    def _run_file(self, name: str, file: MacroFile) -> None:
        try:
            template = file.template
        except (TemplateSyntaxError, RecursionError, SyntaxError, MemoryError) as error:
            raise TemplateFault(
                MACRO_BROKEN,
                f"macro '{name}' cannot be compiled",
                f"correct {file.path}: its tags are nested too deeply or contradict each other",
            ) from error
        unit = Unit(file.path, file.parsed, template, file)
        self.units[id(template)] = unit
        context = RenderContext.of(environment(), self, unit)
        self._files[file.path] = context
        for _ in template.root_render_func(context):
            pass

    # The result.

    def run(self) -> Rendered:
        """Render the model. Raises anything."""
        context = RenderContext.of(environment(), self, self.model)
        source, texts, out = self.model.source, [], 0
        segments: list[Segment] = []
        pieces: Iterable[Any] = self.model.template.root_render_func(context)
        for is_data, place, text in pieces:
            if not text:
                continue
            texts.append(text)
            if is_data:
                for segment in source.exact(out, place - 1, len(text)):
                    _append(segments, segment)
            else:
                segments.append(source.whole(out, len(text), place - 1))
            out += len(text)
            limits.check_text(out)
        return Rendered(
            "".join(texts),
            SourceMap(tuple(segments)),
            tuple(self._references.values()),
            self._log.reads(),
            self.library.closure(self.model.parsed.names),
            self.settings,
        )

    def survey(self) -> list[Diagnostic]:
        """All that fails in a template whose code is forgiving; for the rest it is as `run`."""
        try:
            self.run()
        except Exception as error:
            if not isinstance(error, TooMuchError | MemoryError) or not self.faults:
                with suppress(TooMuchError, MemoryError):
                    self.failed(error)
        return list(self.faults.values())


def _append(segments: list[Segment], segment: Segment) -> None:
    """Add an exact segment, joined with the one before where both run on."""
    last = segments[-1] if segments else None
    if last is not None and last.exact and last.source + last.length == segment.source:
        length = last.length + segment.length
        segments[-1] = Segment(last.out, last.source, length, length, True)
    else:
        segments.append(segment)


def render_template(
    path: str, text: str, scope: Scope, library: MacroLibrary
) -> tuple[Rendered | None, list[Diagnostic]]:
    """Render a text that is a template. Nothing that a template does raises here."""
    rendered = _render_plain(path, text, scope, library)
    if rendered is not None:
        return rendered, []
    return render_by_jinja(path, text, scope, library)


def _render_plain(path: str, text: str, scope: Scope, library: MacroLibrary) -> Rendered | None:
    """None where the template is not of the plain kind, or something is wrong with it."""
    plain = read_plain(text)
    if plain is None:
        return None
    try:
        return Session(Unit(path, plain, plain), scope, library).run()
    except Exception:
        return None


def render_by_jinja(
    path: str, text: str, scope: Scope, library: MacroLibrary
) -> tuple[Rendered | None, list[Diagnostic]]:
    """Render any template."""
    compiled = compile_text(text)
    if isinstance(compiled, SyntaxFault):
        return None, [compiled.diagnostic(path, scope.asset)]
    parsed, template = compiled
    session = Session(Unit(path, parsed, template), scope, library)
    try:
        return session.run(), []
    except Exception as error:
        first = explain(session, error)
    forgiving = Session(Unit(path, parsed, compile_forgiving(parsed.tree)), scope, library)
    return None, forgiving.survey() or [first]

"""Jinja as templates meet it: sandboxed, bounded, and aware of places.

What differs from stock Jinja:
- the root of a template yields `(is data, offset + 1, text)` instead of bare text, which is all
  that a source map needs (`Generator.visit_Output`, `start_write`, `end_write`);
- a call passes its place along (`visit_Call` → `call_at`), a loop step is counted (`blockvisit`);
- nothing is computed while compiling, so a bound can never be missed by constant folding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from types import BuiltinMethodType, FunctionType, GeneratorType, MethodType
from typing import Any, NoReturn, Protocol, cast

from jinja2 import StrictUndefined, UndefinedError, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Context, Macro, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from xform.base.codes import TEMPLATE_UNPRINTABLE
from xform.template import limits
from xform.template.builtins import Builtin, Exceptions, Function, TargetView
from xform.template.faults import TemplateFault


class UndefinedNameError(UndefinedError):
    """Something was used that is not there: a variable, or (with `owner`) an attribute."""

    def __init__(self, name: object, owner: object, hint: str | None, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner
        self.hint = hint

    @property
    def is_variable(self) -> bool:
        return self.owner is missing


class Missing(StrictUndefined):
    """A name without a value. Using it raises an error that knows the name."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        if exc is UndefinedError:
            exc = cast("type[TemplateRuntimeError]", partial(UndefinedNameError, name, obj, hint))
        super().__init__(hint, obj, name, exc)


class Rendering(Protocol):
    """What the compiled code asks of the rendering that it is part of."""

    budget: limits.Budget

    def lookup(self, name: str) -> Any:
        """The value of a name that the template does not set itself, or `missing`."""
        ...

    def enter(self, unit: Any, parenthesis: int) -> None:
        """A call begins. `unit` is the one that the context was made with."""
        ...

    def leave(self) -> None:
        """The call that began last has ended well."""
        ...

    def check_callable(self, function: Any) -> None:
        """Raises where a call names nothing."""
        ...


class RenderContext(Context):
    """The variables of one unit in one rendering. Unknown names are looked up in the session."""

    session: Rendering
    unit: Any

    @classmethod
    def of(cls, environment: TemplateEnvironment, session: Rendering, unit: Any) -> RenderContext:
        context = cls(environment, {}, None, {})
        context.session = session
        context.unit = unit
        return context

    def resolve_or_missing(self, key: str) -> Any:
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        return self.session.lookup(key)

    def derived(self, locals: dict[str, Any] | None = None) -> RenderContext:  # noqa: A002
        context = RenderContext(
            self.environment, {**self.get_all(), **(locals or {})}, self.name, {}
        )
        context.session = self.session
        context.unit = self.unit
        return context

    def tick(self, cost: int) -> None:
        """One step of a loop that writes `cost` characters of its own."""
        self.session.budget.step()
        self.session.budget.spend(cost)

    def concat(self, parts: Sequence[object]) -> str:
        """The `~` operator."""
        size = 0
        for part in parts:
            size += limits.measure(part)
            limits.check_text(size)
        return "".join(map(str, parts))


def _data_size(body: Sequence[nodes.Node]) -> int:
    """Characters of template data that one pass over a loop's body may write."""
    return sum(len(data.data) for node in body for data in node.find_all(nodes.TemplateData))


class Generator(CodeGenerator):
    """Writes the Python code of a template."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._loop_bodies: dict[int, int] = {}

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802
        if frame.buffer is not None:
            super().visit_Output(node, frame)
            return
        finalize = self._make_finalize()
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                self.writeline(f"yield (True, {child.lineno}, {child.data!r})")
                continue
            self._printing(child, frame, finalize)

    def _printing(self, child: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.writeline(f"yield (False, {child.lineno}, ", child)
        self._output_child_pre(child, frame, finalize)
        self.visit(child, frame)
        self._output_child_post(child, frame, finalize)
        self.write(")")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.TemplateData):
            return node.data
        raise nodes.Impossible

    def start_write(self, frame: Frame, node: nodes.Node | None = None) -> None:
        if frame.buffer is None:
            self.writeline(f"yield (False, {node.lineno if node else 1}, str(", node)
        else:
            super().start_write(frame, node)

    def end_write(self, frame: Frame) -> None:
        if frame.buffer is None:
            self.write("))")
        else:
            super().end_write(frame)

    def visit_Call(  # noqa: N802
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        self.write(f"environment.call_at(context, {node.lineno}, ")
        self.visit(node.node, frame)
        extra = {"caller": "caller"} if forward_caller else {}
        if frame.loop_frame:
            extra["_loop_vars"] = "_loop_vars"
        self.signature(node, frame, extra)
        self.write(")")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("context.concat((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        self._loop_bodies[id(node.body)] = _data_size(node.body)
        super().visit_For(node, frame)

    def blockvisit(self, nodes: Any, frame: Frame) -> None:
        cost = self._loop_bodies.get(id(nodes))
        if cost is not None:
            self.writeline(f"context.tick({cost})")
        super().blockvisit(nodes, frame)


class ForgivingGenerator(Generator):
    """Writes code that goes on behind a `{{ … }}` that fails, to find what else does."""

    def _printing(self, child: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.writeline("try:")
        self.indent()
        super()._printing(child, frame, finalize)
        self.outdent()
        self.writeline("except Exception as error:")
        self.indent()
        self.writeline("context.session.failed(error)")
        self.outdent()


@pass_context
def printed(context: RenderContext, value: Any) -> str:
    """What `{{ value }}` writes."""
    if isinstance(value, str):
        context.session.budget.spend(len(value))
        return value
    if not isinstance(value, Undefined):
        refuse_unprintable(value)
        limits.measure(value)
    text = str(value)
    context.session.budget.spend(len(text))
    return text


def refuse_unprintable(value: object) -> None:
    """Functions and generators print as addresses, which differ from run to run."""
    match value:
        case Function() | Macro() | FunctionType() | MethodType() | BuiltinMethodType() | type():
            name = getattr(value, "name", None) or getattr(value, "__name__", "it")
            raise TemplateFault(
                TEMPLATE_UNPRINTABLE,
                f"'{name}' is a function and has no text",
                f"call it: {name}(…)",
            )
        case GeneratorType():
            raise TemplateFault(
                TEMPLATE_UNPRINTABLE,
                "a filter's items have no text of their own",
                "add `| list` to see them, or `| join(', ')` to write them",
            )
        case _:
            pass


def _bounded(function: Callable[..., Any], check: Callable[..., None]) -> Callable[..., Any]:
    @wraps(function)  # keeps the mark by which Jinja passes a context
    def checked(*args: Any, **keywords: Any) -> Any:
        check(*args, **keywords)
        return function(*args, **keywords)

    return checked


def _check_widths(*args: Any, **keywords: Any) -> None:
    limits.check_numbers([*args[1:], *keywords.values()])


def _check_printed(*args: Any, **_: Any) -> None:
    for arg in args:
        if not isinstance(arg, Undefined):
            limits.measure(arg)


def _check_replace(_: object, text: Any, old: Any, new: Any, count: Any = None) -> None:
    limits.check_replace(str(text), str(old), str(new))


def _check_pattern(pattern: Any, *args: Any, **keywords: Any) -> None:
    limits.check_format(str(pattern), [*args, *keywords.values()])


def _join(join: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(join)
    def joined(context: Any, value: Any, d: str = "", attribute: Any = None) -> Any:
        items = list(value)
        limits.measure(items)
        limits.check_text(len(str(d)) * len(items))
        return join(context, items, d, attribute)

    return joined


class TemplateEnvironment(SandboxedEnvironment):
    """One for the process: it holds no state of any rendering."""

    code_generator_class = Generator
    context_class = RenderContext
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing,
            autoescape=False,
            keep_trailing_newline=True,
            optimized=False,
            finalize=printed,
            cache_size=0,
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        )
        for name in ("center", "indent", "batch", "slice", "wordwrap", "truncate"):
            self.filters[name] = _bounded(self.filters[name], _check_widths)
        for name in ("string", "tojson", "pprint", "escape", "e", "upper", "lower", "trim"):
            self.filters[name] = _bounded(self.filters[name], _check_printed)
        self.filters["replace"] = _bounded(self.filters["replace"], _check_replace)
        self.filters["format"] = _bounded(self.filters["format"], _check_pattern)
        self.filters["join"] = _join(self.filters["join"])
        del self.filters["random"]
        self.known_globals = {
            name: self.globals[name] for name in ("dict", "namespace", "cycler", "joiner")
        }

    def handle_exception(self, source: str | None = None) -> NoReturn:
        """Errors stay as they are: the places in them are ours, not lines."""
        raise  # noqa: PLE0704 - only called while an error is being handled

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        limits.check_operator(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call_at(
        self, context: RenderContext, place: int, function: Any, /, *args: Any, **keywords: Any
    ) -> Any:
        """Every call in a template. `place` is that of the opening parenthesis, plus 1."""
        session = context.session
        session.enter(context.unit, place - 1)
        session.check_callable(function)
        given = [*args, *(value for key, value in keywords.items() if key != "_loop_vars")]
        match function:
            case Builtin() | MethodType(__self__=Builtin() | TargetView() | Exceptions()):
                for value in given:
                    if isinstance(value, Undefined):
                        str(value)  # raises what it has to say
            case BuiltinMethodType():
                limits.check_method(function.__self__, function.__name__, given)
            case FunctionType() if isinstance(
                method := getattr(function, "__wrapped__", None), BuiltinMethodType
            ):  # the sandbox's own `str.format`
                limits.check_method(method.__self__, method.__name__, given)
            case _:
                pass
        result = self.call(context, function, *args, **keywords)
        if isinstance(result, str):
            session.budget.spend(len(result))
        session.leave()
        return result

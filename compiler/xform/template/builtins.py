"""The functions and objects that every template has.

Each is a small object over the rendering's `World`. They raise TemplateFault; where they were
called is added by the session.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from xform.base.codes import (
    TEMPLATE_ARGUMENTS,
    TEMPLATE_ENV_VAR,
    TEMPLATE_RAISED,
    TEMPLATE_SECRET,
    TEMPLATE_VAR,
)
from xform.base.names import did_you_mean
from xform.template.faults import TemplateFault, TooMuchError
from xform.template.limits import ITEMS, Budget
from xform.template.reads import WHOLE
from xform.template.relation import Relation, This
from xform.template.scope import Scope
from xform.template.values import NotPlainError, copied, plain, type_name


class World(Protocol):
    """What the built-ins need of a rendering."""

    scope: Scope
    budget: Budget
    settings: dict[str, Any]

    def look(self, kind: str, name: str) -> bool:
        """Note that something was looked at; whether it is there."""
        ...

    def refer(self, call: str, arguments: tuple[str, ...]) -> int:
        """The number of a reference, new or known."""
        ...


class Function:
    """Something that a template can call, and not print."""

    name = ""


class Builtin(Function):
    """A function of ours. Undefined arguments never reach it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        raise NotImplementedError


def wrong(message: str, usage: str) -> TemplateFault:
    return TemplateFault(TEMPLATE_ARGUMENTS, message, f"write {usage}")


def _names(
    call: str, args: tuple[Any, ...], keywords: Mapping[str, Any], usage: str
) -> tuple[str, ...]:
    """Arguments that must all be names."""
    for key in keywords:
        raise wrong(f"{call}() takes no argument '{key}'", usage)
    for arg in args:
        if not isinstance(arg, str):
            raise wrong(f"{call}() takes names as text, not {type_name(arg)}", usage)
        if not arg.strip():
            raise wrong(f"{call}() with an empty name", usage)
    return tuple(str(arg) for arg in args)


def _counted(count: int, noun: str = "argument") -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class Ref(Builtin):
    name = "ref"

    def __call__(self, *args: Any, **keywords: Any) -> Relation:
        usage = "ref('name'), ref('schema', 'name') or ref('name', v=1)"
        number = keywords.pop("v", keywords.pop("version", None))
        names = _names("ref", args, keywords, usage)
        if number is not None and names:
            names = (*names[:-1], f"{names[-1]}_v{number}")
        if len(names) not in (1, 2):
            raise wrong(f"ref() takes one or two names, not {_counted(len(names))}", usage)
        schema, _, table = names[0].rpartition(".") if len(names) == 1 else (names[0], "", names[1])
        return Relation(self._world.refer("ref", names), table, schema or None)


class Source(Builtin):
    name = "source"

    def __call__(self, *args: Any, **keywords: Any) -> Relation:
        usage = "source('source', 'table')"
        names = _names("source", args, keywords, usage)
        if len(names) != 2:
            raise wrong(f"source() takes two names, not {_counted(len(names))}", usage)
        return Relation(self._world.refer("source", names), names[1], names[0])


_REQUIRED = object()


def _name_and_default(
    call: str, args: tuple[Any, ...], keywords: Mapping[str, Any]
) -> tuple[str, Any]:
    usage = f"{call}('name') or {call}('name', default)"
    for key in keywords:
        if key != "default":
            raise wrong(f"{call}() takes no argument '{key}'", usage)
    if not 1 <= len(args) + len(keywords) <= 2 or not args:
        given = _counted(len(args) + len(keywords))
        raise wrong(f"{call}() takes a name and perhaps a default, not {given}", usage)
    if not isinstance(args[0], str):
        raise wrong(f"{call}() takes its name as text, not {type_name(args[0])}", usage)
    default = args[1] if len(args) == 2 else keywords.get("default", _REQUIRED)
    return str(args[0]), default


class Var(Builtin):
    name = "var"

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        name, default = _name_and_default("var", args, keywords)
        if self._world.look("var", name):
            return copied(self._world.scope.variables[name])
        if default is not _REQUIRED:
            return default
        near = did_you_mean(name, self._world.scope.variables)
        where = (
            f"define it under [tool.xform.vars], give --vars '{{\"{name}\": …}}', "
            f"or a default: var('{name}', …)"
        )
        raise TemplateFault(
            TEMPLATE_VAR, f"variable '{name}' is not defined", f"{near} {where}".strip()
        )


SECRET_PREFIXES = ("DBT_ENV_SECRET", "XFORM_SECRET")
"""Environment variables that no template may read: what it writes ends up in files and state."""


class EnvVar(Builtin):
    name = "env_var"

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        name, default = _name_and_default("env_var", args, keywords)
        if name.startswith(SECRET_PREFIXES):
            raise TemplateFault(
                TEMPLATE_SECRET,
                f"'{name}' is a secret, and what a template writes is stored as SQL",
                "use it in profiles.yml only; give a variable that may be seen another name",
            )
        if self._world.look("env_var", name):
            return self._world.scope.environ[name]
        if default is not _REQUIRED:
            return default
        raise TemplateFault(
            TEMPLATE_ENV_VAR,
            f"environment variable '{name}' is not set",
            f"set {name} in the environment, or give a default: env_var('{name}', …)",
        )


class Config(Builtin):
    """`config(…)` records settings and writes nothing; `config.get` reads them."""

    name = "config"

    def __call__(self, *args: Any, **keywords: Any) -> str:
        usage = "config(key=value, …)"
        if len(args) > 1 or (args and not isinstance(args[0], Mapping)):
            raise wrong("config() takes settings by name", usage)
        for key, value in {**(args[0] if args else {}), **keywords}.items():
            try:
                self._world.settings[str(key)] = plain(value)
            except NotPlainError as error:
                raise wrong(f"config(): '{key}' is {error.args[0]}", usage) from error
        return ""

    def get(self, key: str, default: Any = None, validator: Any = None) -> Any:
        """The setting, or the default. `validator` is accepted, as in dbt, and not called."""
        found, value = self._find(key)
        return value if found else default

    def require(self, key: str, validator: Any = None) -> Any:
        found, value = self._find(key)
        if not found:
            raise TemplateFault(
                TEMPLATE_VAR,
                f"setting '{key}' is required here",
                f"give {key} in the model's settings block",
            )
        return value

    def _find(self, key: str) -> tuple[bool, Any]:
        if not isinstance(key, str):
            raise wrong(f"config.get() takes a name, not {type_name(key)}", "config.get('name')")
        if key in self._world.settings:
            return True, copied(self._world.settings[key])
        if self._world.look("config", key):
            return True, copied(self._world.scope.config[key])
        return False, None


class TargetView:
    """`target`: each key looked at is noted."""

    __slots__ = ("_world",)

    def __init__(self, world: World) -> None:
        self._world = world

    def __getitem__(self, key: str) -> Any:
        if not isinstance(key, str) or not self._world.look("target", key):
            raise KeyError(key)
        return copied(self._world.scope.target[key])

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._world.look("target", key)

    def keys(self) -> list[str]:
        self._world.look("target", WHOLE)
        return list(self._world.scope.target)

    def items(self) -> list[tuple[str, Any]]:
        return [(key, self[key]) for key in self.keys()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __str__(self) -> str:
        return str(dict(self.items()))


class IsIncremental(Builtin):
    name = "is_incremental"

    def __call__(self, *args: Any, **keywords: Any) -> bool:
        return self._world.scope.carried


class Log(Builtin):
    name = "log"

    def __call__(self, *args: Any, **keywords: Any) -> str:
        return ""


class Range(Builtin):
    """Python's `range`, whose steps are counted before they are taken."""

    name = "range"

    def __call__(self, *args: Any, **keywords: Any) -> range:
        for arg in args:
            if not isinstance(arg, int):
                raise wrong(f"range() takes whole numbers, not {type_name(arg)}", "range(n)")
        if not 1 <= len(args) <= 3:
            raise wrong(f"range() takes one to three numbers, not {len(args)}", "range(n)")
        numbers = range(*args)
        last = max(abs(numbers.stop - numbers.start) // abs(numbers.step), 0)
        if last > ITEMS:
            raise TooMuchError(
                f"range() of more than {ITEMS:,} numbers",
                "make it shorter; rows by the million come from generate_series() in SQL",
            )
        self._world.budget.step(len(numbers))
        return numbers


class Exceptions:
    """`exceptions.raise_compiler_error('…')`."""

    __slots__ = ()

    def raise_compiler_error(self, message: Any = "", *_: Any) -> str:
        raise TemplateFault(
            TEMPLATE_RAISED,
            str(message) or "the template raised an error",
            "this message comes from the template itself: see the marked place",
        )


def builtins(world: World, this: This) -> dict[str, Any]:
    """All built-in names of a template."""
    functions: list[Builtin] = [
        kind(world) for kind in (Ref, Source, Var, EnvVar, Config, IsIncremental, Log, Range)
    ]
    bounds = {"start": "@start", "end": "@end"} if world.scope.sliced else {}
    return {
        **{function.name: function for function in functions},
        **bounds,
        "this": this,
        "target": TargetView(world),
        "exceptions": Exceptions(),
    }


BUILTIN_NAMES = frozenset(
    kind.name for kind in (Ref, Source, Var, EnvVar, Config, IsIncremental, Log, Range)
) | {"this", "target", "exceptions", "dict", "namespace", "cycler", "joiner"}

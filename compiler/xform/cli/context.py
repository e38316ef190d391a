"""What every command shares: the global options, the terminal, and how errors end a command."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

from xform.app.workspace import Options, UserError, Workspace
from xform.base.diagnostics import Diagnostic, Severity
from xform.base.names import AssetName
from xform.cli.options import Ended, Option, Parameter, UsageMistake, declared
from xform.console.terminal import Terminal

if TYPE_CHECKING:
    from xform.app.compiling.compiled import Compilation

OK, FAILED, USAGE, CHANGED, BUSY = 0, 1, 2, 3, 75
"""Exit codes (DESIGN §5)."""

_LOOKS = ("format", "quiet", "no_color")
"""Options that only say how an answer looks."""

INTERRUPTED = 130
"""The exit code of shells for a command that was stopped by Ctrl-C."""

ANSWERS = ("text", "json")
"""How a command gives its answer."""

REPORTS = ("sarif", "github", "line")
"""Forms in which diagnostics are the whole answer, of commands that find some."""

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""It becomes part of the names of schemas, on every engine."""

ProjectDir = Annotated[
    Path, Option("--project-dir", help="The project's folder.", shown_default="here")
]
ProfilesDir = Annotated[
    str | None, Option("--profiles-dir", help="The folder that holds profiles.yml.")
]
Profile = Annotated[str | None, Option("--profile", help="The profile to use.")]
TargetName = Annotated[str | None, Option("--target", "-t", help="The target within the profile.")]
Environment = Annotated[
    str | None, Option("--env", help="The environment: prod, unless the target names one.")
]
Variables = Annotated[
    str | None,
    Option("--vars", help="Variables for templates, as a mapping in YAML or JSON."),
]
OutputFormat = Annotated[str, Option("--format", metavar="FORM", help="text or json.")]
ReportFormat = Annotated[
    str,
    Option(
        "--format",
        metavar="FORM",
        help="text or json; sarif, github or line give the diagnostics alone.",
    ),
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Say only what failed.")]
NoColor = Annotated[bool, Option("--no-color", help="No colours; NO_COLOR does the same.")]
Threads = Annotated[
    int | None, Option("--threads", minimum=1, help="How many models to build at once.")
]

GLOBAL: dict[str, tuple[Any, Any]] = {
    "project_dir": (ProjectDir, Path()),
    "profiles_dir": (ProfilesDir, None),
    "profile": (Profile, None),
    "target": (TargetName, None),
    "env": (Environment, None),
    "vars": (Variables, None),
    "format": (OutputFormat, "text"),
    "quiet": (Quiet, False),
    "no_color": (NoColor, False),
    "threads": (Threads, None),
}


class Context:
    """One invocation of a command."""

    def __init__(
        self, options: Options, terminal: Terminal, form: str, words: Sequence[str] = ()
    ) -> None:
        self.options = options
        self.terminal = terminal
        self.format = form
        self.words = words
        self.found: list[Diagnostic] = []
        """What is to be written at the end, in one of the REPORTS."""

    @property
    def json(self) -> bool:
        return self.format == "json"

    @property
    def reporting(self) -> bool:
        """Whether the diagnostics are the answer."""
        return self.format in REPORTS

    @functools.cached_property
    def workspace(self) -> Workspace:
        return Workspace(self.options)

    @property
    def command_line(self) -> str:
        """What was called, with what is not as usual: to be called again."""
        import shlex

        return shlex.join(self.words)

    # Output --------------------------------------------------------------------------------------

    def print_json(self, value: Any) -> None:
        """The answer, on stdout."""
        import msgspec.json

        text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()
        self.terminal.stdout.write(text + "\n")
        self.terminal.stdout.flush()

    def print_text(self, text: str) -> None:
        self.terminal.stdout.write(text if text.endswith("\n") else text + "\n")
        self.terminal.stdout.flush()

    def report(self, diagnostics: Sequence[Diagnostic], *, limit: int | None = 50) -> None:
        """Diagnostics, on stderr, or kept for the answer; errors even when quiet."""
        said, self.workspace.notices = self.workspace.notices, ()
        shown = [
            d
            for d in (*said, *diagnostics)
            if not self.terminal.quiet or d.severity is Severity.ERROR
        ]
        shown = self.masked(shown)
        if self.reporting:
            self.found.extend(shown)
            return
        if not shown:
            return
        from xform.console.diagnostics import diagnostic_lines, summary_line

        lines = diagnostic_lines(shown, self.workspace.read_text, self.terminal.err, limit=limit)
        self.terminal.complain([*lines, summary_line(shown)])

    def finish(self) -> None:
        """Write what was kept for the answer, each finding once."""
        if self.reporting:
            from xform.cli.reports import report_text

            found = list(dict.fromkeys(self.found))
            self.terminal.stdout.write(report_text(self.format, found, self.workspace.root))
            self.terminal.stdout.flush()

    def masked(self, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
        """The same without secrets: an engine may repeat a setting of the profile."""
        if not self.workspace.known_secrets:
            return list(diagnostics)
        import msgspec.structs

        return [
            msgspec.structs.replace(d, message=self.mask(d.message), help=self.mask(d.help))
            for d in diagnostics
        ]

    def mask(self, text: str) -> str:
        """A text without secrets."""
        for secret in self.workspace.known_secrets:
            text = text.replace(secret, "***")
        return text

    def close(self) -> None:
        workspace = self.__dict__.get("workspace")
        if isinstance(workspace, Workspace):
            workspace.close()

    def exit(self, code: int) -> None:
        raise Ended(code)

    # Compiling -----------------------------------------------------------------------------------

    def compile(self, *, strict: bool = True) -> Compilation:
        """Compile and report. With `strict` errors end the command."""
        compilation = self.workspace.compile()
        if strict and compilation.failed:
            raise UserError(list(compilation.diagnostics))
        return compilation

    def check(self, compilation: Compilation, assets: frozenset[AssetName] | None) -> None:
        """End the command if errors stand in the way of these assets: in what they read, in
        themselves, or in something that no asset can be blamed for."""
        if assets is None:
            blocking = [d for d in compilation.diagnostics if d.severity is Severity.ERROR]
        else:
            near = _with_ancestors(compilation, assets)
            blocking = [
                d
                for d in compilation.diagnostics
                if d.severity is Severity.ERROR and (d.asset is None or d.asset in near)
            ]
        if blocking:
            raise UserError(list(compilation.diagnostics))


def _with_ancestors(compilation: Compilation, assets: frozenset[AssetName]) -> frozenset[AssetName]:
    found = set(assets)
    for name in reversed(list(compilation.assets)):
        if name in found:
            compiled = compilation.assets[name]
            found.update((*compiled.depends_on, *compiled.checks_read))
    return frozenset(found)


class Command:
    """A command with its parameters, its own first and then the global ones; errors become
    diagnostics and codes. Raises Ended, and UsageMistake before anything is done."""

    def __init__(
        self,
        function: Callable[..., None],
        options: dict[str, tuple[Any, Any]],
        formats: tuple[str, ...],
    ) -> None:
        self.function = function
        self._options = options
        self._formats = formats

    @functools.cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        own = declared(self.function)
        names = {item.name for item in own}
        shared = (
            Parameter(name, kind, mark, default)
            for name, (annotated, default) in self._options.items()
            for kind, mark in [get_args(annotated)]
            if name not in names
        )
        return (*own, *shared)

    def _written(self, values: dict[str, Any]) -> list[str]:
        """The call as it would be typed, but for how its answer looks."""
        name = self.function.__module__.rpartition(".")[2]
        words = ["xform", name]
        for parameter in self.parameters:
            value = values.get(parameter.name, parameter.default)
            if parameter.name in _LOOKS or value is None or value == parameter.default:
                continue
            option = parameter.mark.names[0] if isinstance(parameter.mark, Option) else None
            for item in value if isinstance(value, list) else [value]:
                words += [] if option is None else [option]
                words += [] if item is True else [_typed(item)]
        return words

    def __call__(self, **values: Any) -> None:
        shared = {name: values.pop(name, default) for name, (_, default) in self._options.items()}
        context = _context(shared, self._formats)
        context.words = self._written({**shared, **values})
        try:
            self._run(context, values)
        finally:
            context.close()

    def _run(self, context: Context, values: dict[str, Any]) -> None:
        try:
            self.function(context, **values)
        except Ended:
            context.finish()
            raise
        except (UsageMistake, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            raise Ended(INTERRUPTED) from None
        except Exception as error:
            from xform.cli.errors import describe_error

            code, diagnostics = describe_error(error)
            diagnostics = context.masked(diagnostics)
            if context.json:
                from xform.app.output.forms import diagnostics_form

                context.print_json({"version": 1, "diagnostics": diagnostics_form(diagnostics)})
            context.report(diagnostics)
            context.finish()
            raise Ended(code) from None
        context.finish()


def _typed(value: Any) -> str:
    if isinstance(value, dict):
        import json

        return json.dumps(value)
    return str(value)


def command(function: Callable[..., None]) -> Command:
    """A command with the global options besides its own."""
    return Command(function, GLOBAL, ANSWERS)


def reporting(function: Callable[..., None]) -> Command:
    """A command whose answer may be its diagnostics, in one of the REPORTS."""
    options = {**GLOBAL, "format": (ReportFormat, "text")}
    return Command(function, options, (*ANSWERS, *REPORTS))


def in_forms(said: str, *more: str) -> Callable[[Callable[..., None]], Command]:
    """For a command that answers in more forms than usual; `said` is the help of --format."""
    annotated = Annotated[str, Option("--format", metavar="FORM", help=said)]
    options: dict[str, tuple[Any, Any]] = {**GLOBAL, "format": (annotated, "text")}
    return lambda function: Command(function, options, (*ANSWERS, *more, *REPORTS))


def _context(shared: dict[str, Any], formats: tuple[str, ...]) -> Context:
    environ = os.environ
    terminal = Terminal(
        sys.stdout, sys.stderr, environ, no_color=shared["no_color"], quiet=shared["quiet"]
    )
    if shared["format"] not in formats:
        listed = f"{', '.join(formats[:-1])} or {formats[-1]}"
        raise UsageMistake(f"use {listed}", option="--format")
    if not shared["project_dir"].is_dir():
        raise UsageMistake(f"'{shared['project_dir']}' is no folder", option="--project-dir")
    if shared["env"] is not None and not _ENVIRONMENT.fullmatch(shared["env"]):
        raise UsageMistake(
            "use lower-case letters, digits and '_', a letter first, at most 32: dev_ann",
            option="--env",
        )
    options = Options(
        shared["project_dir"],
        shared["profiles_dir"],
        shared["profile"],
        shared["target"],
        shared["env"],
        _variables(shared["vars"]),
        shared["threads"],
    )
    return Context(options, terminal, shared["format"])


def _variables(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, dict):
        raise UsageMistake("not a mapping; write --vars '{name: value}'", option="--vars")
    return {str(key): item for key, item in value.items()}

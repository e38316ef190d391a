"""What every command shares: the global options, the terminal, and how errors end a command."""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import msgspec
import typer

from xform.app.compiled import Compilation
from xform.app.forms import diagnostics_form
from xform.app.workspace import Options, UserError, Workspace
from xform.base.diagnostics import Diagnostic, Severity
from xform.base.names import AssetName
from xform.cli.errors import describe_error
from xform.console.terminal import Terminal

Params = ParamSpec("Params")

OK, FAILED, USAGE, CHANGED, BUSY = 0, 1, 2, 3, 75
"""Exit codes (DESIGN §5)."""

INTERRUPTED = 130
"""The exit code of shells for a command that was stopped by Ctrl-C."""

ANSWERS = ("text", "json")
"""How a command gives its answer."""

REPORTS = ("sarif", "github", "line")
"""Forms in which diagnostics are the whole answer, of commands that find some."""

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""It becomes part of the names of schemas, on every engine."""

ProjectDir = Annotated[
    Path, typer.Option("--project-dir", help="The project's folder.", show_default="here")
]
ProfilesDir = Annotated[
    str | None, typer.Option("--profiles-dir", help="The folder that holds profiles.yml.")
]
Profile = Annotated[str | None, typer.Option("--profile", help="The profile to use.")]
TargetName = Annotated[
    str | None, typer.Option("--target", "-t", help="The target within the profile.")
]
Environment = Annotated[
    str | None, typer.Option("--env", help="The environment: prod, unless the target names one.")
]
Variables = Annotated[
    str | None,
    typer.Option("--vars", help="Variables for templates, as a mapping in YAML or JSON."),
]
OutputFormat = Annotated[str, typer.Option("--format", help="text or json.")]
ReportFormat = Annotated[
    str,
    typer.Option(
        "--format", help="text or json; sarif, github or line give the diagnostics alone."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what failed.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="How many models to build at once.")
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


@dataclass
class Context:
    """One invocation of a command."""

    options: Options
    terminal: Terminal
    format: str
    found: list[Diagnostic] = field(default_factory=list)
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

    # Output --------------------------------------------------------------------------------------

    def print_json(self, value: Any) -> None:
        """The answer, on stdout."""
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
        secrets = self.workspace.known_secrets
        if not secrets:
            return list(diagnostics)
        return [
            msgspec.structs.replace(
                d, message=_mask(d.message, secrets), help=_mask(d.help, secrets)
            )
            for d in diagnostics
        ]

    def exit(self, code: int) -> None:
        raise typer.Exit(code)

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


def _mask(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _with_ancestors(compilation: Compilation, assets: frozenset[AssetName]) -> frozenset[AssetName]:
    found = set(assets)
    for name in reversed(list(compilation.assets)):
        if name in found:
            compiled = compilation.assets[name]
            found.update((*compiled.depends_on, *compiled.checks_read))
    return frozenset(found)


def command(function: Callable[Concatenate[Context, Params], None]) -> Callable[..., None]:
    """A command with the global options before its own; errors become diagnostics and codes."""
    return _command(function, GLOBAL, ANSWERS)


def reporting(function: Callable[Concatenate[Context, Params], None]) -> Callable[..., None]:
    """A command whose answer may be its diagnostics, in one of the REPORTS."""
    options = {**GLOBAL, "format": (ReportFormat, "text")}
    return _command(function, options, (*ANSWERS, *REPORTS))


def _command(
    function: Callable[Concatenate[Context, Params], None],
    options: dict[str, tuple[Any, Any]],
    formats: tuple[str, ...],
) -> Callable[..., None]:
    own = inspect.signature(function, eval_str=True)
    parameters = list(own.parameters.values())[1:]
    extra = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in options.items()
        if name not in own.parameters
    ]

    @functools.wraps(function)
    def run(**values: Any) -> None:
        shared = {name: values.pop(name, default) for name, (_, default) in options.items()}
        context = _context(shared, formats)
        try:
            function(context, **values)  # type: ignore[call-arg]
            context.finish()
        except typer.Exit:
            context.finish()
            raise
        except (typer.Abort, SystemExit):
            raise
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            code, diagnostics = describe_error(error)
            diagnostics = context.masked(diagnostics)
            if context.json:
                context.print_json({"version": 1, "diagnostics": diagnostics_form(diagnostics)})
            context.report(diagnostics)
            context.finish()
            raise typer.Exit(code) from None

    run.__signature__ = inspect.Signature([*parameters, *extra])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in [*parameters, *extra]}
    return run


def _context(shared: dict[str, Any], formats: tuple[str, ...]) -> Context:
    environ = os.environ
    terminal = Terminal(
        sys.stdout, sys.stderr, environ, no_color=shared["no_color"], quiet=shared["quiet"]
    )
    if shared["format"] not in formats:
        listed = f"{', '.join(formats[:-1])} or {formats[-1]}"
        raise typer.BadParameter(f"use {listed}", param_hint="--format")
    if not shared["project_dir"].is_dir():
        raise typer.BadParameter(
            f"'{shared['project_dir']}' is no folder", param_hint="--project-dir"
        )
    if shared["env"] is not None and not _ENVIRONMENT.fullmatch(shared["env"]):
        raise typer.BadParameter(
            "use lower-case letters, digits and '_', a letter first, at most 32: dev_ann",
            param_hint="--env",
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
        raise typer.BadParameter("not a mapping; write --vars '{name: value}'", param_hint="--vars")
    return {str(key): item for key, item in value.items()}

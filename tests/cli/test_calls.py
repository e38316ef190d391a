"""A call that is read without typer means what typer makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from xform.cli.app import application
from xform.cli.calls import read_call, spread
from xform.cli.commands import COMMANDS
from xform.cli.context import Command


def command_of(name: str) -> Command:
    found: Command = import_module(f"xform.cli.commands.{name}").run
    return found


def read(name: str, *args: str) -> dict[str, Any] | None:
    return read_call(command_of(name).parameters, args)


def by_typer(name: str, args: Sequence[str], patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What typer hands to the command, which is not run."""
    given: dict[str, Any] = {}
    patch.setattr(Command, "__call__", lambda _, **values: given.update(values))
    result = CliRunner().invoke(application((name,)), [name, *args])
    assert result.exit_code == 0, result.output
    return given


@pytest.mark.parametrize(
    "line",
    [
        *COMMANDS[1:6],
        "init",
        "init somewhere",
        "plan --select a b --select c --exclude d",
        "plan --select=a,b+ -s @c",
        "plan -t dev --env dev_ann --threads 3 --quiet --no-color --format json",
        "plan --project-dir=some/where --profiles-dir /etc --vars {a:1}",
        "build --full-refresh --fail-fast --events out.ndjson",
        "compile --no-write",
        "compile --write -q",
        "compile --no-write --write",
        "ls --select tag:x path:models/a --output json --resource-type model test",
        "show staging.orders -n 3",
        "lineage staging.orders.amount --recursive",
        "why staging.orders --explain --offline",
        "explain",
        "diff prod",
        "diff prod dev staging.orders marts.sums --key a,b --rows 5 --exit-code",
        "diff prod dev --select a b --sample 0.01 --float-digits 6",
    ],
)
def test_what_is_read_is_what_typer_reads(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, *args = line.split(" ")
    assert read(name, *args) == by_typer(name, args, monkeypatch)


@pytest.mark.parametrize(
    "line",
    [
        "plan --help",
        "plan --selct a",
        "plan -qt dev",
        "plan -tdev",
        "plan -t=dev",
        "plan --threads many",
        "plan --threads 0",
        "plan --threads -1",
        "plan --quiet=true",
        "plan --env",
        "plan --env --quiet",
        "plan --env=",
        "plan --env a --env b",
        "plan something",
        "plan -- something",
        "show",
        "show a b",
        "why --explain",
        "diff",
        "diff --select a",
        "diff prod dev --rows some",
    ],
)
def test_what_is_not_well_formed_is_left_to_typer(line: str) -> None:
    name, *args = line.split(" ")
    assert read(name, *args) is None


def test_paths_are_paths() -> None:
    values = read("plan", "--project-dir", "some/where")
    assert values is not None
    assert values["project_dir"] == Path("some/where")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_parameter_of_a_command_is_declared(name: str) -> None:
    code = command_of(name).function.__code__
    own = set(code.co_varnames[1 : code.co_argcount])
    assert own <= {item.name for item in command_of(name).parameters}


def test_values_are_spread() -> None:
    assert spread(["--select", "a", "b", "-q"]) == ["--select", "a", "--select", "b", "-q"]
    assert spread(["--select=a", "b"]) == ["--select=a", "--select", "b"]

"""What `--help` says of values: what they are, in words of the field, not in Python's."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from xform.cli.app import application
from xform.cli.commands import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_options_name_their_values(command: str) -> None:
    said = CliRunner().invoke(application([command]), ["--help"])
    assert said.exit_code == 0
    options = said.output.partition("Options:")[2]
    assert "<" not in options
    assert "str]" not in options


def test_values_have_names_that_tell_what_to_give() -> None:
    said = CliRunner().invoke(application(["plan", "ls"]), ["ls", "--help"]).output
    for option in ("-s, --select WHAT...", "--project-dir DIR", "--threads N", "--output FORM"):
        assert option in said

"""Importing the functions of Python models."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xform.host.python_models import PythonModels
from xform.run.failures import CodeError


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def value(root: Path) -> object:
    return PythonModels(root).load_function("models/p.py", "p")()


def test_two_projects_have_helpers_of_one_name(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, "macros/h.py", f"X = '{name}'\n")
        write(tmp_path / name, "models/p.py", "from macros.h import X\ndef p(): return X\n")
    assert [value(tmp_path / name) for name in ("one", "two", "one")] == ["one", "two", "one"]


def test_an_edit_of_equal_size_and_time_is_seen(tmp_path: Path) -> None:
    """Cached bytecode would be taken for current here."""
    write(tmp_path, "macros/h.py", "X = 1\n")
    write(tmp_path, "models/p.py", "from macros.h import X\ndef p(): return X\n")
    assert value(tmp_path) == 1
    times = (tmp_path / "macros/h.py").stat()
    write(tmp_path, "macros/h.py", "X = 2\n")
    os.utime(tmp_path / "macros/h.py", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert value(tmp_path) == 2
    assert not list(tmp_path.rglob("__pycache__"))


def test_helpers_may_be_imported_while_the_function_runs(tmp_path: Path) -> None:
    write(tmp_path, "lib/__init__.py", "")
    write(tmp_path, "lib/deep/more.py", "X = 5\n")
    write(tmp_path, "models/p.py", "def p():\n    from lib.deep.more import X\n    return X\n")
    assert value(tmp_path) == 5


def test_a_folder_does_not_hide_an_installed_package(tmp_path: Path) -> None:
    write(tmp_path, "polars/data.csv", "x\n")
    write(tmp_path, "json.py", "raise ValueError\n")
    text = "import json, polars\ndef p(): return polars.DataFrame, json.loads('3')\n"
    write(tmp_path, "models/p.py", text)
    found = value(tmp_path)
    assert isinstance(found, tuple)
    assert found[1] == 3


def test_a_fault_in_a_helper_is_shown_there(tmp_path: Path) -> None:
    write(tmp_path, "macros/h.py", "X = '1'\nY = X + 'é' + nope\n")
    write(tmp_path, "models/p.py", "from macros.h import X\ndef p(): return X\n")
    with pytest.raises(CodeError) as caught:
        value(tmp_path)
    span = caught.value.span
    assert span is not None
    assert (span.path, span.line, span.column) == ("macros/h.py", 2, 15)
    assert "nope" in caught.value.message


def test_a_module_that_exits_is_a_fault_like_others(tmp_path: Path) -> None:
    write(tmp_path, "models/p.py", "raise SystemExit(3)\n")
    with pytest.raises(CodeError, match="SystemExit: 3"):
        value(tmp_path)

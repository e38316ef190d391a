"""Python macros are imported from the project, and their mistakes are diagnostics."""

from __future__ import annotations

import sys
from pathlib import Path

from xform.base.names import AssetName
from xform.host.python_macros import load_functions
from xform.host.python_models import PythonModels
from xform.template.macros import ORIGIN_MARK, load_macros
from xform.template.render import render
from xform.template.scope import Scope

HEAD = "from xform import macro\n\n"
GEO = HEAD + "@macro\ndef area(a, b):\n    return a * b\n\n\ndef helper():\n    return 7\n"


def _write(root: Path, files: dict[str, str]) -> list[str]:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return sorted(files)


def test_marked_functions_are_macros(tmp_path: Path) -> None:
    uses = "from macros.deep.geo import area, helper\n" + HEAD
    uses += "@macro\ndef seven(): return helper() + area(0, 0)\n"
    paths = _write(tmp_path, {"macros/deep/geo.py": GEO, "macros/uses.py": uses})
    functions, diagnostics = load_functions(tmp_path, paths)
    assert diagnostics == []
    assert sorted(functions) == ["area", "seven"]
    assert functions["seven"]() == 7
    origin = getattr(functions["area"], ORIGIN_MARK)
    assert (origin.path, origin.line) == ("macros/deep/geo.py", 3)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = list(sys.path)
    load_functions(tmp_path, _write(tmp_path, {"macros/geo.py": GEO}))
    assert sys.path == before
    assert not list(tmp_path.rglob("__pycache__"))


def test_loading_again_sees_the_new_text(tmp_path: Path) -> None:
    paths = _write(tmp_path, {"macros/geo.py": GEO})
    first, _ = load_functions(tmp_path, paths)
    _write(tmp_path, {"macros/geo.py": GEO.replace("a * b", "a + b")})
    second, _ = load_functions(tmp_path, paths)
    assert (first["area"](3, 4), second["area"](3, 4)) == (12, 7)
    assert getattr(first["area"], ORIGIN_MARK).digest != getattr(second["area"], ORIGIN_MARK).digest


def test_two_projects_with_the_same_module_names(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    load_functions(one, _write(one, {"macros/geo.py": GEO}))
    paths = _write(other, {"macros/geo.py": GEO.replace("a * b", "0")})
    functions, _ = load_functions(other, paths)
    assert functions["area"](3, 4) == 0


def test_file_name_that_is_no_module_name(tmp_path: Path) -> None:
    functions, diagnostics = load_functions(tmp_path, _write(tmp_path, {"macros/my-geo.py": GEO}))
    assert diagnostics == []
    assert sorted(functions) == ["area"]


def test_models_of_another_project_were_run_before(tmp_path: Path) -> None:
    other = tmp_path / "other"
    _write(other, {"macros/else.py": "", "models/m.py": "def m():\n    return 1\n"})
    PythonModels(other).load_function("models/m.py", "m")
    functions, diagnostics = load_functions(tmp_path, _write(tmp_path, {"macros/geo.py": GEO}))
    assert diagnostics == []
    assert functions["area"](3, 4) == 12


def test_syntax_error(tmp_path: Path) -> None:
    paths = _write(tmp_path, {"macros/a.py": "x = 1\ny = = 2\n", "macros/geo.py": GEO})
    functions, (found,) = load_functions(tmp_path, paths)
    assert sorted(functions) == ["area"]
    assert found.code == "XF0224"
    assert str(found.span) == "macros/a.py:2:5"
    assert "SyntaxError" in found.message


def test_error_on_import(tmp_path: Path) -> None:
    paths = _write(tmp_path, {"macros/a.py": "\n\nvalue = 1 / 0\n"})
    _, (found,) = load_functions(tmp_path, paths)
    assert str(found.span) == "macros/a.py:3:9"
    assert "ZeroDivisionError" in found.message


def test_error_in_an_imported_project_module(tmp_path: Path) -> None:
    (tmp_path / "helpers_of_macros.py").write_text("\nraise SystemExit(4)\n")
    paths = _write(tmp_path, {"macros/a.py": "import helpers_of_macros\n"})
    _, (found,) = load_functions(tmp_path, paths)
    assert str(found.span) == "macros/a.py:1:1"
    assert str(found.labels[0].span) == "helpers_of_macros.py:2:1"


def test_missing_package(tmp_path: Path) -> None:
    paths = _write(tmp_path, {"macros/a.py": "import no_such_package_at_all\n"})
    _, (found,) = load_functions(tmp_path, paths)
    assert "install 'no_such_package_at_all'" in found.help


def test_two_of_one_name(tmp_path: Path) -> None:
    paths = _write(tmp_path, {"macros/a.py": GEO, "macros/b.py": "\n" + GEO})
    _, (found,) = load_functions(tmp_path, paths)
    assert found.code == "XF0220"
    assert str(found.span) == "macros/b.py:4:1"
    assert str(found.labels[0].span) == "macros/a.py:3:1"


def test_failing_macro_points_at_the_call_and_its_own_line(tmp_path: Path) -> None:
    text = HEAD + "@macro\ndef bad(x):\n    y = x\n    return 1 / y\n"
    functions, _ = load_functions(tmp_path, _write(tmp_path, {"macros/bad.py": text}))
    library, _ = load_macros({}, functions)
    scope = Scope(AssetName("main.m"))
    _, (found,) = render("m.sql", "select\n {{ bad(0) }}", scope, library)
    assert (found.code, str(found.span)) == ("XF0223", "m.sql:2:5")
    assert str(found.labels[0].span) == "macros/bad.py:6:1"

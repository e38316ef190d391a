"""`xform format`: models get their form, and stay what they are."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import REPOSITORY, Project, example, project
from msgspec.json import encode

from xform.project.header import read_header
from xform.sql.layout.form import marked
from xform.sql.layout.lexing import Kind

MODEL = "models/m/a.sql"
WRITTEN = "/* @model\nkind: table\n*/\nSELECT 1 AS a,\n2 AS B -- two\n"
FORM = "/* @model\nkind: table\n*/\nselect\n    1 as a,\n    2 as B  -- two\n"


@pytest.fixture
def place(tmp_path: Path) -> Project:
    return project(tmp_path, {MODEL: WRITTEN, "models/m/b.sql": "select a, B from m.a\n"})


def scrambled(text: str, seed: int) -> str:
    """The text with other space between its tokens, and keywords in another case."""
    draw = random.Random(seed)
    header, _ = read_header(text, "a.sql")
    head, body = text[: header.end], text[header.end :]
    parts: list[str] = []
    at = 0
    previous = None
    for token in marked(body, "duckdb"):
        gap = body[at : token.start]
        together = previous is not None and previous.kind is token.kind is Kind.TEXT
        if gap and not gap.strip() and not together:
            gap = draw.choice([" ", "\n", "   ", "\n\n\n", "\t"])
        parts += [gap, token.text.upper() if token.keyword and draw.random() < 0.5 else token.text]
        at, previous = token.end, token
    return head + "".join(parts)


def scramble(place: Project) -> list[str]:
    """The files whose text is another one now."""
    found = []
    for number, path in enumerate(sorted(place.root.glob("models/**/*.sql"))):
        text = path.read_text("utf-8")
        path.write_text(scrambled(text, number), "utf-8")
        found.append(path.relative_to(place.root).as_posix())
    return found


def test_files_get_their_form_once(place: Project) -> None:
    answer = place.ok("format")
    assert place.read(MODEL) == FORM
    assert answer.out == f"{MODEL}\n"
    assert answer.err == "1 file laid out, 1 file in form\n"
    again = place.ok("format")
    assert (again.out, again.err) == ("", "2 files in form\n")


def test_check_changes_nothing_and_tells(place: Project) -> None:
    answer = place.call("format", "--check")
    assert (answer.code, answer.out) == (1, f"{MODEL}\n")
    assert answer.err == "1 file would be laid out, 1 file in form\n"
    assert place.read(MODEL) == WRITTEN
    place.ok("format")
    assert place.call("format", "--check").code == 0


def test_diff_shows_what_would_change(place: Project) -> None:
    answer = place.call("format", "--diff")
    assert answer.code == 1
    assert answer.out.startswith(f"--- {MODEL}\n+++ {MODEL}\n@@ -1,5 +1,6 @@\n")
    assert "-SELECT 1 AS a,\n-2 AS B -- two\n+select\n+    1 as a,\n" in answer.out
    assert place.read(MODEL) == WRITTEN


def test_json_says_what_became_of_each_file(place: Project) -> None:
    form = place.json("format")
    assert form["files"] == [
        {"path": MODEL, "status": "changed"},
        {"path": "models/m/b.sql", "status": "unchanged"},
    ]
    assert form["diagnostics"] == []


@pytest.mark.parametrize(
    ("arguments", "reached"),
    [
        ([MODEL], True),
        (["models"], True),
        (["."], True),
        (["models/m/b.sql"], False),
        (["models/m/b.sql", MODEL], True),
        (["macros/x.sql"], False),
        (["--select", "a"], True),
        (["--select", "b"], False),
        (["--exclude", "a"], False),
    ],
)
def test_what_is_named_is_laid_out(
    place: Project, arguments: list[str], reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("macros/x.sql", "{% macro x() %}SELECT  1{% endmacro %}\n")
    monkeypatch.chdir(place.root)
    place.ok("format", *arguments)
    assert (place.read(MODEL) == FORM) is reached
    assert place.read("macros/x.sql") == "{% macro x() %}SELECT  1{% endmacro %}\n"


def test_a_file_that_is_not_there_is_a_mistake(place: Project) -> None:
    answer = place.call("format", "models/m/c.sql")
    assert answer.code == 2
    assert "there is no file or folder 'models/m/c.sql'" in answer.err


def test_a_syntax_error_is_said_and_other_files_get_their_form(place: Project) -> None:
    place.write("models/m/c.sql", "SELECT (1 AS c\n")
    answer = place.call("format")
    assert answer.code == 2
    assert "XF0301" in answer.err
    assert "XF1001" not in answer.err
    assert place.read("models/m/c.sql") == "SELECT (1 AS c\n"
    assert place.read(MODEL) == FORM


def test_what_would_be_another_model_stays_and_its_readers_get_their_form(place: Project) -> None:
    kept = "SELECT 1 as a {{ '--' }}, 2 as x\n, 3 as b\n"
    place.write("models/m/c.sql", kept)
    place.write("models/m/d.sql", "SELECT A FROM m.c\n")
    answer = place.ok("format")
    assert "XF1002" in answer.err
    assert place.read("models/m/c.sql") == kept
    assert place.read("models/m/d.sql") == "select A from m.c\n"


def test_lines_and_marks_of_a_file_stay(place: Project) -> None:
    file = place.path(MODEL)
    file.write_bytes(b"\xef\xbb\xbf" + WRITTEN.replace("\n", "\r\n").encode())
    place.ok("format")
    assert file.read_bytes() == b"\xef\xbb\xbf" + FORM.replace("\n", "\r\n").encode()


def test_the_length_of_a_line_is_a_setting(place: Project) -> None:
    place.write(
        "pyproject.toml",
        '[tool.xform]\nname = "demo"\nprofile = "demo"\n[tool.xform.format]\nline_length = 40\n',
    )
    place.write("models/m/b.sql", "select a, B from m.a where a is not null and b > 2\n")
    place.ok("format")
    assert place.read("models/m/b.sql") == (
        "select a, B\nfrom m.a\nwhere a is not null and b > 2\n"
    )


# stdin -------------------------------------------------------------------------------------------


def test_stdin_gets_its_form(place: Project) -> None:
    answer = place.ok("format", "-", stdin="SELECT  a,B\nFROM x")
    assert answer.out == "select a, B\nfrom x\n"


def test_what_an_editor_holds_is_looked_at_as_the_model_it_is(place: Project) -> None:
    unsaved = WRITTEN.replace("2 AS B", "3 AS C")
    answer = place.ok("format", "-", "--stdin-filename", MODEL, stdin=unsaved)
    assert answer.out == FORM.replace("2 as B", "3 as C")
    assert place.read(MODEL) == WRITTEN
    kept = "select 1 as a {{ '--' }}, 2 as x\n, 3 as b\n"
    answer = place.ok("format", "-", "--stdin-filename", MODEL, stdin=kept)
    assert answer.out == kept
    assert "XF1002" in answer.err


def test_an_error_in_what_an_editor_holds_is_said_and_nothing_comes_out(place: Project) -> None:
    answer = place.call("format", "-", "--stdin-filename", MODEL, stdin="select (1 as a\n")
    assert (answer.code, answer.out) == (2, "")
    assert "1 | select (1 as a" in answer.err


def test_stdin_needs_no_project(tmp_path: Path) -> None:
    answer = Project(tmp_path).ok("format", "-", stdin="SELECT 1")
    assert answer.out == "select 1\n"
    assert Project(tmp_path).call("format", "-", "--check", stdin="SELECT 1").code == 1


# Whole projects ----------------------------------------------------------------------------------


def test_the_example_has_its_form(tmp_path: Path) -> None:
    assert example(tmp_path).call("format", "--check").out == ""


def test_a_scrambled_example_is_laid_out_and_nothing_is_built_again(tmp_path: Path) -> None:
    place = example(tmp_path)
    place.ok("build")
    before = {path: place.read(path) for path in scramble(place)}
    place.ok("format")
    assert all(place.read(path) != text for path, text in before.items())
    assert place.call("format", "--check").code == 0
    assert place.call("plan", "--exit-code").code == 0


def prints(place: Project) -> dict[str, bytes]:
    """The fingerprints of every asset: of its rows, its columns, and its build."""
    return {
        asset["name"]: encode(
            [
                asset["row_fingerprint"],
                asset["build_fingerprint"],
                [(column["name"], column["fingerprint"]) for column in asset["columns"]],
            ]
        )
        for asset in place.json("compile", "--no-write")["assets"]
    }


def test_fingerprints_of_a_generated_project_are_as_they_were(tmp_path: Path) -> None:
    script = REPOSITORY / "compiler" / "dev" / "generate.py"
    subprocess.run([sys.executable, str(script), str(tmp_path), "--models", "60"], check=True)
    place = Project(tmp_path)
    before = prints(place)
    place.ok("format")
    assert prints(place) == before
    scramble(place)
    place.ok("format")
    assert prints(place) == before
    assert place.call("format", "--check").code == 0


KEYED = """\
/* @model
kind: incremental
unique_key: id
*/
SELECT id, amount FROM m.raw
{% if is_incremental() %} WHERE id > (SELECT max(id) FROM {{ this }}) -- later
{% endif %}
"""
RECURSIVE = """\
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 10)
SELECT n, {% for x in [1, 2] %}{{ x }} AS c{{ x }}{% if not loop.last %},{% endif %} {% endfor %}
FROM t
"""


PIVOTED = "SELECT * FROM (PIVOT m.raw ON id USING sum(amount))\n"


@pytest.mark.parametrize("text", [KEYED, RECURSIVE, PIVOTED])
def test_what_is_hashed_by_its_text_gets_its_form_too(place: Project, text: str) -> None:
    place.write("models/m/raw.sql", "select 1 as id, 2 as amount\n")
    place.write("models/m/c.sql", text)
    before = prints(place)
    answer = place.ok("format")
    assert "XF10" not in answer.err
    assert not re.search(r"\bSELECT\b", place.read("models/m/c.sql"))
    assert prints(place) == before

"""Unit tests made of real rows: few, that join, and without what is private."""

from __future__ import annotations

from pathlib import Path

import pytest
from compile_steps import Site
from typer.testing import CliRunner

from xform.cli.app import application

PEOPLE = "id,name,email,town\n" + "".join(
    f"{n},name {n},person{n}@shop.example,{'Oslo' if n % 2 else 'Rome'}\n" for n in range(300)
)
ORDERS = "id,person,amount,email\n" + "".join(
    f"{n},{n * 7},{n % 9},person{n * 7}@shop.example\n" for n in range(400)
)
TABLE = "/* @model\nkind: table\n*/\n"
FILES = {
    "pyproject.toml": '[tool.xform]\nname = "demo"\nprofile = "demo"\n',
    "profiles.yml": "demo:\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb}\n",
    "seeds/raw/people.csv": PEOPLE,
    "seeds/raw/orders.csv": ORDERS,
    "seeds/raw/raw.yml": "seeds:\n  - name: people\n    columns:\n"
    "      - {name: email, tags: [pii]}\n      - {name: name, tags: [pii]}\n"
    "  - name: orders\n    columns: [{name: email, tags: [pii]}]\n",
    "models/m/people.sql": TABLE + "select id, lower(email) as mail, town from raw.people\n",
    "models/m/joined.sql": TABLE + "select o.id, p.town, o.amount\nfrom raw.orders as o\n"
    "join m.people as p on p.id = o.person where o.amount > 7\n",
    "models/m/towns.sql": TABLE + "select p.town, sum(o.amount) as total\n"
    "from m.people as p left join raw.orders as o on o.person = p.id group by all\n",
    "models/m/mails.sql": TABLE
    + "select p.mail, count(*) as n, min(p.id) as first from m.people as p\n"
    "join raw.orders as o on o.email = p.mail group by all\n",
    "models/m/nothing.sql": TABLE + "select id from raw.people where id < 0\n",
    "models/m/many.sql": TABLE + "select town from raw.people group by all having count(*) > 90\n",
    "models/m/aged.sql": TABLE + "select id, current_date as today from raw.people where id = 5\n",
    "models/m/in_python.py": "from xform import model\n\n\n"
    "@model(columns={'town': 'varchar'})\ndef in_python(people):\n"
    "    return people.project('town')\n",
}
FILES["models/m/in_python.py"] = FILES["models/m/in_python.py"].replace(
    "@model(", "@model(inputs={'people': 'm.people'}, "
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shop")
    Site(place, FILES)
    assert call(place, "build", "-q") == 0
    return place


def call(root: Path, command: str, *args: str) -> int:
    result = CliRunner().invoke(
        application((command,)), [command, "--project-dir", str(root), *args]
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code


def generated(root: Path, model: str) -> str:
    """The text of the test of a model, which passes."""
    assert call(root, "test", "--generate", model) == 0
    text = (root / f"tests/unit/{model}.yml").read_text()
    assert call(root, "test", "--unit", "--select", model) == 0
    return text


def rows_of(text: str, section: str) -> list[str]:
    lines = text.partition(section)[2].splitlines()[1:]
    found = []
    for line in lines:
        if line.strip().startswith("- {"):
            found.append(line.strip())
        elif found:
            break
    return found


def test_rows_that_join_are_taken(root: Path) -> None:
    text = generated(root, "joined")
    assert 1 <= len(rows_of(text, "input: m.people")) <= 4
    assert 1 <= len(rows_of(text, "input: raw.orders")) <= 4
    assert rows_of(text, "expect:")
    assert "mail" not in text  # the model does not read it


def test_an_input_that_is_joined_from_the_left_still_matters(root: Path) -> None:
    text = generated(root, "towns")
    assert any("total: null" not in row for row in rows_of(text, "expect:"))


def test_what_is_private_is_masked_and_still_joins(root: Path) -> None:
    text = generated(root, "mails")
    assert "shop.example" not in text
    assert "masked-1" in text
    assert any("masked-" in row for row in rows_of(text, "expect:"))


def test_the_clock_is_set(root: Path) -> None:
    assert "    time: 20" in generated(root, "aged")


def test_a_python_model(root: Path) -> None:
    assert 1 <= len(rows_of(generated(root, "in_python"), "input: m.people")) <= 4


@pytest.mark.parametrize("model", ["nothing", "many", "raw.people", "none"])
def test_what_no_few_rows_make_up(model: str, root: Path) -> None:
    assert call(root, "test", "--generate", model) == 2
    assert not (root / f"tests/unit/{model}.yml").exists()

"""Changes that mean harm: nothing of them runs, nothing of the machine is read, and the check
comes to its end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from edits import DAILY, FORECAST, ORDERS, REGIONS, STG_PAYMENTS, File
from repository import Shop

from xform.ci import confined

SECRET = "s3cr3t-of-the-job"
MACRO = "from xform import macro\n\n\n@macro\ndef twice(x):\n    return f'{x} * 2'\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("repository"))
    (shop.project / "macros" / "twice.py").write_text(MACRO)
    model = "/* @model\nkind: table\n*/\nselect {{ twice('euros') }} as euros from marts.orders\n"
    (shop.project / "models" / "marts" / "doubled.sql").write_text(model)
    shop.commit("a macro in Python")
    return shop


def aliases(depth: int) -> str:
    """A few lines of yml that stand for very many."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]"
        for number in range(1, depth)
    ]
    return "\n".join(lines)


def touching(name: str) -> str:
    """Python that leaves a mark where it is run."""
    return f"import os, pathlib\npathlib.Path(os.environ['MARK'], {name!r}).touch()\n"


def source(path: str) -> str:
    table = f"{{name: stolen, files: {path}, format: csv}}"
    return f"sources:\n  - name: away\n    tables: [{table}]\n"


HOSTILE: dict[str, dict[str, File]] = {
    "a macro file runs on import": {"macros/twice.py": touching("macro") + MACRO},
    "a new macro file runs on import": {"macros/more.py": touching("new")},
    "a module beside a trusted macro": {"xform.py": touching("module")},
    "a Python model runs on import": {
        FORECAST: ("from xform import model", touching("model") + "from xform import model")
    },
    "a helper of a Python model": {"macros/lib.py": touching("helper")},
    "a module for the interpreter": {"sitecustomize.py": touching("site")},
    "a template asks for a secret": {
        REGIONS: ("select region", 'select \'{{ env_var("TOKEN", "none") }}\' as a, region')
    },
    "a header asks for a secret": {ORDERS: ("domain: sales", "domain: \"{{ env_var('TOKEN') }}\"")},
    "a template climbs out": {
        REGIONS: (
            "select region",
            "select '{{ ''.__class__.__mro__[1].__subclasses__() }}', region",
        )
    },
    "a template never ends": {
        REGIONS: (
            "select region",
            "{% for a in range(9999) %}{% for b in range(9999) %}.{% endfor %}{% endfor %}",
        )
    },
    "a template fills the memory": {
        REGIONS: ("select region", "select '{{ 'x' * 99999999999 }}', region")
    },
    "a template grows by itself": {
        REGIONS: (
            "select region",
            "{% macro f(x) %}{{ f(x ~ x) }}{% endmacro %}select '{{ f('x') }}', region",
        )
    },
    "yml that stands for more than there is": {"models/bomb.yml": aliases(12)},
    "a profile of its own": {
        "profiles.yml": (
            "type: duckdb, path: shop.duckdb",
            "type: duckdb, path: /etc/passwd, settings: {extension_directory: /tmp/x}",
        )
    },
    "a model reads the machine": {
        REGIONS: (
            "select region, count(*) as customers from stg_customers group by region",
            "select * from read_text('/etc/passwd')",
        )
    },
    "a source is a file of the machine": {"models/stolen.yml": source("/etc/passwd")},
    "a source is a file outside of the project": {
        "models/stolen.yml": source("../../../../../../etc/passwd")
    },
    "hooks": {
        REGIONS: (
            "kind: table",
            "kind: table\nbefore: [\"copy (select 1) to '/tmp/xform-hostile.csv'\"]",
        )
    },
    "SQL without an end": {DAILY: "select " + "(" * 200_000},
    "SQL of many branches": {
        DAILY: "select case "
        + " ".join(f"when 1 = {n} then {n}" for n in range(9_000))
        + " end as x"
    },
    "a seed that is no text": {"seeds/raw/customers.csv": "id,name,region\n" + "\0" * 100_000},
}


@pytest.mark.parametrize("harm", HOSTILE)
def test_nothing_of_a_hostile_change_runs_or_is_told(shop: Shop, harm: str, tmp_path: Path) -> None:
    shop.branch(harm.replace(" ", "-"), HOSTILE[harm])
    environ = {"TOKEN": SECRET, "MARK": str(tmp_path)}

    done = shop.xform("ci", "--base", "main", "--untrusted", "--explain", environ=environ)

    said = done.stdout + done.stderr
    assert done.returncode in (0, 1, 2), said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    assert SECRET not in said
    assert "root:" not in said  # of /etc/passwd
    assert not Path("/tmp/xform-hostile.csv").exists()


def test_a_link_out_of_the_project_is_not_followed(shop: Shop) -> None:
    shop.git("checkout", "-q", "-b", "link", "main")
    target = shop.project / "models" / "marts" / "linked.sql"
    target.symlink_to("/etc/passwd")
    shop.commit("a link")

    done = shop.xform("ci", "--base", "main", "--untrusted")

    assert "root:" not in done.stdout + done.stderr
    assert done.returncode in (0, 1, 2)


def test_caches_that_come_with_the_change_are_not_believed(shop: Shop) -> None:
    shop.branch("caches", {DAILY: ("sum(euros)", "max(euros)")})
    shop.git("rm", "-q", "--cached", ".gitignore")
    shop.git("checkout", "-q", "main", "--", DAILY)
    assert shop.xform("compile").returncode == 0  # the caches say that DAILY is as it was
    old = (shop.root / DAILY).stat()
    text = (shop.root / DAILY).read_text().replace("sum(euros)", "max(euros)")
    (shop.root / DAILY).write_text(text)
    os.utime(shop.root / DAILY, ns=(old.st_atime_ns, old.st_mtime_ns))

    done = shop.xform("ci", "--base", "main", "--untrusted", "--format", "json")

    assert [item["asset"] for item in json.loads(done.stdout)["changes"]][:1] == ["marts.daily"]
    shop.git("checkout", "-q", "-f", "main")


def test_macros_that_are_as_they_were_are_run_as_the_base_has_them(shop: Shop) -> None:
    shop.branch("trusted", {ORDERS: ("o.amount > 15", "o.amount > 16")})

    done = shop.xform("ci", "--base", "main", "--untrusted", "--format", "json")

    found = json.loads(done.stdout)
    assert found["diagnostics"] == []
    assert [item["asset"] for item in found["changes"]] == ["marts.orders"]


def test_a_macro_that_was_changed_is_said_not_to_run(shop: Shop) -> None:
    shop.branch("changed", {"macros/twice.py": ("* 2", "* 3")})

    done = shop.xform("ci", "--base", "main", "--untrusted", "--format", "line")

    assert done.returncode == 1
    assert "macros/twice.py:1:1: error XF0906" in done.stdout


def test_unit_tests_of_the_change_are_said_not_to_run(shop: Shop) -> None:
    touch = touching("unit").replace("\n", "\n    ")
    text = (
        "from xform import unit_test\n\n\n@unit_test(model='daily')\ndef harm():\n"
        f"    {touch}return {{'expect': []}}\n"
    )
    shop.branch("units", {"tests/unit/harm.py": text, DAILY: ("sum(euros)", "max(euros)")})

    done = shop.xform("ci", "--base", "main", "--untrusted", "--format", "json")

    found = json.loads(done.stdout)["unit_tests"]
    assert found == {
        "passed": 0,
        "newly_failing": [],
        "failing_before": [],
        "not_run": 2,
        "why": "the change may be anybody's",
    }


def test_it_says_the_same_as_where_the_author_is_trusted(shop: Shop) -> None:
    text = ("id as payment_id", "id + 0 as payment_id")  # of what no unit test is
    shop.branch("same", {STG_PAYMENTS: text})

    one = shop.xform("ci", "--base", "main", "--format", "json")
    other = shop.xform("ci", "--base", "main", "--format", "json", "--untrusted")

    assert one.stdout == other.stdout


def test_what_takes_too_long_is_ended_and_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "SECONDS", 0.01)
    shop.git("checkout", "-q", "main")

    from xform.app.workspace import Options, UserError

    with pytest.raises(UserError) as error:
        confined.check_confined(Options(project_dir=shop.project), "main", None)

    assert [item.code for item in error.value.diagnostics] == ["XF0905"]

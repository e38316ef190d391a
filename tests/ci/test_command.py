"""`xform ci` in a real repository, as a pipeline and as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from edits import DAILY, EVENTS, ORDERS, REGIONS, STG_CUSTOMERS, STG_PAYMENTS, File
from repository import IDENTITY, Shop

GOLDEN = Path(__file__).parent / "golden"
BRANCHES: dict[str, tuple[dict[str, File], int]] = {
    "reformat": ({DAILY: ("select ordered_at, count(*)", "SELECT ordered_at, COUNT(*)")}, 0),
    "add-a-column": ({ORDERS: ("  o.status,\n", "  o.status,\n  o.note,\n")}, 0),
    "another-filter": ({DAILY: ("group by", "where euros > 1\ngroup by")}, 0),
    "drop-a-column": ({ORDERS: ("  o.ordered_at\n", "  o.ordered_at as day\n")}, 1),
    "rename-a-view": (
        {
            STG_PAYMENTS: None,
            "models/staging/stg_paid.sql": (
                "/* @model\nkind: view\n*/\n"
                "select id as payment_id, order_id, paid, method from app.payments\n"
            ),
            EVENTS: ("stg_payments", "stg_paid"),
        },
        1,
    ),
    "break-a-unit-test": (
        {
            DAILY: ("count(*)", "count(*) + 1"),
            "tests/data/no_late.sql": "select * from daily where ordered_at is null\n",
        },
        1,
    ),
    "many-things": (
        {
            STG_CUSTOMERS: ("name, region", "name, lower(region) as region"),
            DAILY: ("owner: finance@shop.example", "owner: '@money'\ntags: [core]"),
            REGIONS: ("count(*) as customers", "count(distinct name) as customers"),
            "models/marts/new.sql": "/* @model\nkind: table\n*/\nselect region from regions\n",
            "seeds/raw/orders.csv": ("2,2,20.50,open,,2026-01-02", "2,2,20.50,paid,,2026-01-02"),
        },
        0,
    ),
}
"""By branch: its edits, and what the check exits with."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("repository"))


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_branch_against_main(shop: Shop, branch: str) -> None:
    edits, code = BRANCHES[branch]
    shop.branch(branch, edits)

    done = shop.xform("ci", "--base", "main", "--format", "markdown")
    again = shop.xform("ci", "--base", "main", "--format", "markdown")

    assert done.returncode == code, done.stderr
    assert again.stdout == done.stdout
    golden = GOLDEN / f"{branch}.md"
    if os.environ.get("XFORM_GOLDEN") == "write":
        golden.write_text(done.stdout, "utf-8")
    assert done.stdout == golden.read_text("utf-8")
    assert shop.git("status", "--porcelain") == ""


def test_text_is_for_people(shop: Shop) -> None:
    shop.branch("text", {DAILY: ("sum(euros)", "max(euros)")})

    done = shop.xform("ci", "--base", "main")

    assert done.returncode == 0
    first, second, *rest = done.stdout.splitlines()
    assert first == (
        "0 breaking · 2 value changes · 0 additive · 0 unaffected; 2 of 13 models would run"
    )
    assert second.startswith("the working tree against main (")
    assert "    ~ euros  sum(marts.orders.euros) → max(marts.orders.euros)" in rest
    assert "    shown in exposure.board" in rest


def test_the_files_as_they_are_count_and_a_head_can_be_named(shop: Shop) -> None:
    shop.branch("named", {DAILY: ("sum(euros)", "max(euros)")})
    (shop.root / DAILY).write_text((shop.root / DAILY).read_text().replace("max(", "min("))

    now = json.loads(shop.xform("ci", "--base", "main", "--format", "json").stdout)
    head = shop.xform("ci", "--base", "main", "--head", "named", "--format", "json")
    then = json.loads(head.stdout)
    shop.git("checkout", "-q", "--", ".")

    assert "min(" in json.dumps(now)
    assert "max(" in json.dumps(then)
    assert "min(" not in json.dumps(then)


def test_main_may_have_gone_on(shop: Shop) -> None:
    """A branch is compared with where it left main, not with what main is now."""
    shop.branch("left", {REGIONS: ("count(*)", "count(name)")})
    shop.git("checkout", "-q", "-b", "main-now", "main")
    (shop.root / DAILY).write_text("/* @model\nkind: table\n*/\nselect 1 as one\n")
    shop.commit("main goes on")
    shop.git("checkout", "-q", "left")

    found = json.loads(shop.xform("ci", "--base", "main-now", "--format", "json").stdout)

    assert [change["asset"] for change in found["changes"]] == ["marts.regions"]


def test_every_form_is_written_from_one_comparison(shop: Shop) -> None:
    shop.branch("forms", {ORDERS: ("  c.region,\n", "")})
    names = ("report.md", "report.json", "report.sarif", "report.xml")
    written = [word for name in names for word in ("--write", name)]

    done = shop.xform("ci", "--base", "main", "--format", "github", *written)

    assert done.returncode == 1
    assert "::error file=models/marts/orders.sql,line=1,title=XF0902" in done.stdout
    assert "::error file=models/marts/ranks.sql,line=5" in done.stdout
    found = {name: (shop.root / name).read_text("utf-8") for name in names}
    for name in names:
        (shop.root / name).unlink()
    assert found["report.md"].startswith("<!-- xform ci -->\n\n### 🔴 xform: 2 breaking")
    assert json.loads(found["report.json"])["verdict"]["breaking"] == 2
    results = json.loads(found["report.sarif"])["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["XF0902", "XF0403"]
    suites = ElementTree.fromstring(found["report.xml"])
    assert suites.get("failures") == "2"
    failed = [
        case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None
    ]
    assert failed == ["marts.orders", "marts.ranks"]


def test_what_fails_can_be_chosen(shop: Shop) -> None:
    shop.branch(
        "chosen", {REGIONS: ("kind: table\n*/\nselect region, ", "kind: table\n*/\nselect ")}
    )

    codes = {
        fail_on: shop.xform("ci", "--base", "main", "--fail-on", fail_on).returncode
        for fail_on in ("never", "breaking", "values", "additive")
    }
    shop.git("checkout", "-q", "-b", "chosen-too", "main")

    assert codes == {"never": 0, "breaking": 1, "values": 1, "additive": 1}
    assert shop.xform("ci", "--base", "main", "--fail-on", "additive").returncode == 0
    assert shop.xform("ci", "--base", "main", "--fail-on", "all").returncode == 2


def test_a_limit_of_models(shop: Shop) -> None:
    shop.branch("limited", {DAILY: ("sum(euros)", "max(euros)")})

    few = shop.xform("ci", "--base", "main", "--max-models", "1", "--format", "line")
    enough = shop.xform("ci", "--base", "main", "--max-models", "2", "--format", "line")

    assert (few.returncode, enough.returncode) == (1, 0)
    assert few.stdout == (
        "<command line>:1:1: error XF0903 2 models would run, and 1 may "
        "(make a smaller change, or raise --max-models)\n"
    )


def test_a_project_in_a_folder_of_its_repository(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "repository", "analytics/shop")
    shop.branch("folder", {ORDERS: ("  c.region,\n", "")})

    done = shop.xform("ci", "--base", "main", "--format", "github")

    assert done.returncode == 1
    assert "file=analytics/shop/models/marts/orders.sql" in done.stdout


def test_a_project_that_the_base_does_not_have(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    environ = {**os.environ, **IDENTITY}
    for words in (("init", "-q", "-b", "main"), ("commit", "-q", "--allow-empty", "-m", "begin")):
        subprocess.run(["git", *words], cwd=root, env=environ, check=True)
    start = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
    shop = Shop(root, "shop")

    done = shop.xform("ci", "--base", start, "--format", "json")

    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)["verdict"]
    assert (verdict["breaking"], verdict["runs"]) == (0, 13)


def test_a_fork_without_secrets(shop: Shop) -> None:
    profile = (
        "shop:\n  outputs:\n    dev:\n      type: duckdb\n"
        "      path: \"{{ env_var('SHOP_PATH') }}\"\n"
        "      threads: \"{{ env_var('SHOP_THREADS') | int }}\"\n  target: dev\n"
    )
    shop.branch("fork", {"profiles.yml": profile, DAILY: ("sum(euros)", "max(euros)")})

    done = shop.xform("ci", "--base", "main")

    assert done.returncode == 0, done.stderr
    assert "2 value changes" in done.stdout
    assert shop.xform("compile").returncode == 2


def test_the_revision_named_may_not_be_there(shop: Shop, tmp_path: Path) -> None:
    shop.git("checkout", "-q", "main")
    unknown = shop.xform("ci", "--base", "no-such")
    outside = subprocess.run(
        [sys.executable, "-m", "xform", "ci", "--base", "main"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert unknown.returncode == 2
    assert "XF0901" in unknown.stderr
    assert "git knows no revision 'no-such'" in unknown.stderr
    assert outside.returncode == 2
    assert "the project is in no git repository" in outside.stderr


def test_a_history_that_ends_too_early(shop: Shop, tmp_path: Path) -> None:
    shop.branch("shallow", {DAILY: ("sum(euros)", "max(euros)")})
    for words in (
        ("clone", "-q", "--depth", "1", "--branch", "shallow", shop.root.as_uri(), "clone"),
        ("-C", "clone", "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, env={**os.environ, **IDENTITY}, check=True)

    done = subprocess.run(
        [sys.executable, "-m", "xform", "ci"],
        cwd=tmp_path / "clone",
        capture_output=True,
        text=True,
        env={**os.environ, "GITHUB_BASE_REF": "main"},
    )

    assert done.returncode == 2
    assert "fetch-depth: 0" in done.stderr


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may give away")
def test_a_repository_of_another_user(tmp_path: Path) -> None:
    """As in a container, where the checkout was made by somebody else."""
    shop = Shop(tmp_path / "repository")
    for place in (shop.root, shop.root / ".git"):
        os.chown(place, 12345, 12345)

    done = shop.xform("ci", "--base", "main", environ=IDENTITY)

    assert done.returncode == 2
    assert "the repository belongs to another user" in done.stderr
    assert "safe.directory" in done.stderr


def test_git_variables_of_a_hook_lead_nowhere_else(shop: Shop) -> None:
    """As from a pre-commit hook, which has GIT_INDEX_FILE and GIT_DIR set."""
    shop.branch("hook", {DAILY: ("sum(euros)", "max(euros)")})
    environ = {"GIT_DIR": str(shop.root / ".git"), "GIT_INDEX_FILE": str(shop.root / ".git/index")}

    done = shop.xform("ci", "--base", "main", environ=environ)

    assert done.returncode == 0, done.stderr
    assert shop.git("status", "--porcelain") == ""

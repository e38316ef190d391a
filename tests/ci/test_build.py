"""`xform ci --build`: a change built beside what is there, in a real repository and warehouse."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from edits import File
from repository import IDENTITY
from store import CUSTOMERS, DAILY, ORDERS, SEED, STG_ORDERS, STORE
from test_edits import write

from xform.app.data import table_diffing
from xform.app.workspace import Options, Workspace
from xform.cli.entrance import answer

GOLDEN = Path(__file__).parent / "golden" / "built"

OTHER_EUROS: dict[str, File] = {ORDERS: ("amount * 2", "amount * 3")}
REPEATED: dict[str, File] = {
    ORDERS: ("where status <> 'void'\n", "union all select 1, 1, -5, 'x', null\n")
}


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def build(self) -> Any:
        return json.loads(self.out)["build"]


@dataclass(frozen=True)
class Store:
    """A repository whose base is built in prod."""

    root: Path

    def call(self, *words: str) -> Answer:
        command, *rest = words
        out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            answer([command, "--project-dir", str(self.root), *rest])
        for stream in (out, err):
            stream.flush()
        told = [stream.buffer.getvalue().decode() for stream in (out, err)]
        return Answer(int(end.value.code or 0), *told)

    def check(self, *words: str, form: str = "json", pr: str = "7") -> Answer:
        return self.call("ci", "--base", "main", "--build", "--pr", pr, "--format", form, *words)

    def edit(self, files: Mapping[str, File]) -> None:
        write(self.root, files)

    def git(self, *words: str) -> None:
        environ = {**os.environ, **IDENTITY}
        subprocess.run(["git", *words], cwd=self.root, env=environ, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "more")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.root / "store.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("built"))
    write(store.root, STORE)
    write(store.root, {".gitignore": ".xform/\ntarget/\n*.duckdb*\n"})
    store.git("init", "-q", "-b", "main", ".")
    store.commit()
    assert store.call("build").code == 0
    return store


@pytest.fixture
def store(built: Store, tmp_path: Path) -> Store:
    shutil.copytree(built.root, tmp_path / "store")
    return Store(tmp_path / "store")


def without_cost(text: str) -> str:
    """Without the line that the history of runs decides, which grows with each build."""
    return re.sub(r"^(a build takes|how long a build takes) .*\n\n", "", text, flags=re.MULTILINE)


BRANCHES: dict[str, tuple[dict[str, File], int]] = {
    "other-values": (OTHER_EUROS, 0),
    "more-rows": ({ORDERS: ("where status <> 'void'\n", "")}, 0),
    "a-test-fails": (REPEATED, 1),
    "private": (
        {
            CUSTOMERS: (
                "columns:\n  mail: {tags: [pii]}\n*/\nselect id, name, mail",
                "*/\nselect id, upper(name) as name, mail || '!' as mail",
            )
        },
        0,
    ),
    "gone-and-new": (
        {
            "models/marts/contacts.sql": None,
            "models/marts/states.sql": (
                "/* @model\nkind: table\n*/\nselect status, count(*) as n from stg_orders\n"
                "group by status\n"
            ),
        },
        1,
    ),
}
"""By branch: its edits, and what the check exits with."""


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_branch_is_built_and_compared(store: Store, branch: str) -> None:
    edits, code = BRANCHES[branch]
    store.edit(edits)

    done = store.check(form="markdown")
    again = store.check(form="markdown")

    assert done.code == code, done.err
    told = without_cost(done.out)
    assert without_cost(again.out) == told
    golden = GOLDEN / f"{branch}.md"
    if os.environ.get("XFORM_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(told, "utf-8")
    assert told == golden.read_text("utf-8")


def test_only_what_changed_is_built_and_prod_stays(store: Store) -> None:
    before = store.rows("select * from marts.orders")
    store.edit(OTHER_EUROS)

    build = store.check().build

    assert [item["asset"] for item in build["assets"]] == ["marts.orders", "marts.daily"]
    shown = json.loads(store.call("env", "show", "pr_7", "--format", "json").out)["assets"]
    own = {item["asset"] for item in shown if not item["also"]}
    assert own == {"marts.orders", "marts.daily"}
    assert len(shown) == 7
    assert store.rows("select * from marts.orders") == before
    assert store.rows("select sum(euros) from marts__pr_7.orders") == [(300,)]


def test_the_next_push_starts_from_what_prod_shows(store: Store) -> None:
    store.edit(OTHER_EUROS)
    store.check()
    store.git("checkout", "-q", "--", ".")
    store.edit({DAILY: ("count(*)", "count(*) + 0")})

    build = store.check().build

    assert [table["asset"] for table in build["tables"]] == ["marts.daily"]
    assert store.rows("select sum(euros) from marts__pr_7.orders") == [(200,)]


def test_what_is_merged_need_not_be_built_again(store: Store) -> None:
    store.edit(OTHER_EUROS)
    store.check()

    actions = json.loads(store.call("plan", "--format", "json").out)["actions"]

    assert {item["action"] for item in actions} == {"reuse"}


def test_what_failed_is_in_every_form(store: Store) -> None:
    store.edit(REPEATED)
    paths = [store.root / name for name in ("report.json", "report.xml", "report.sarif")]
    words = [word for path in paths for word in ("--write", str(path))]

    done = store.check(*words, form="github")

    assert done.code == 1
    place = "::error file=models/marts/orders.sql,line=5,"
    assert done.out.splitlines()[0].startswith(place)
    build = json.loads(paths[0].read_text())["build"]
    assert [(item["asset"], item["status"]) for item in build["assets"]] == [
        ("marts.orders", "fail"),
        ("marts.daily", "skipped"),
    ]
    assert [(test["test"], test["failures"]) for test in build["tests"]] == [
        ("range_marts_orders_euros", 1),
        ("unique_marts_orders_order_id", 1),
    ]
    assert (build["failed"], build["passed"], build["tables"]) == (True, 1, [])
    failed = [
        case.get("name")
        for case in ElementTree.parse(paths[1]).iter("testcase")
        if case.find("failure") is not None
    ]
    assert failed == ["marts.orders", "marts.daily"]
    results = json.loads(paths[2].read_text())["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["XF0708", "XF0708"]


def test_text_says_what_went_wrong_and_how_rows_differ(store: Store) -> None:
    store.edit({**OTHER_EUROS, DAILY: ("count(*) as orders", "error('no') as orders")})

    done = store.check(form="text")

    assert done.code == 1
    told = done.out[done.out.index("Built in") :].splitlines()
    assert told[0] == "Built in pr_7: 1 of 2 assets did not come through; 3 tests passed"
    assert told[1].startswith("  ! marts.daily  could not be built: ")
    assert told[1].endswith("  models/marts/daily.sql")
    assert "    rows  4: 0 equal, 4 changed" in told
    assert told[-1] == "from prod to pr_7: 1 of 1 asset differs"
    assert "nothing was published" not in done.err


def test_a_test_that_only_warns_is_told_each_time(store: Store) -> None:
    loud = "range: {min: 50, severity: warn}"
    store.edit(
        {ORDERS: ("range: {min: 0}", loud), STG_ORDERS: ("amount, status", "amount, status")}
    )

    first, second = store.check(), store.check()

    assert (first.code, second.code) == (0, 0)
    assert first.build["tests"] == second.build["tests"]
    assert [(test["status"], test["failures"]) for test in first.build["tests"]] == [("warn", 2)]


def test_a_test_that_fails_and_does_not_block_fails_each_time(store: Store) -> None:
    store.edit({**OTHER_EUROS})
    store.edit({ORDERS: ("range: {min: 0}", "range: {min: 50, blocking: false}")})

    first, second = store.check(), store.check()

    assert (first.code, second.code) == (1, 1)
    assert first.build == second.build
    assert [item["status"] for item in first.build["assets"]] == ["success", "success"]


def test_a_unit_test_keeps_its_model_from_being_built(store: Store) -> None:
    store.edit(
        {
            **OTHER_EUROS,
            "models/unit.yml": (
                "unit_tests:\n  - name: doubled\n    model: marts.orders\n    given:\n"
                "      - input: ref('stg_orders')\n"
                "        rows: [{order_id: 1, amount: 5, status: paid}]\n"
                "    expect: {rows: [{euros: 10}]}\n"
            ),
        }
    )

    done = store.check()

    assert done.code == 1
    assert [(test["test"], test["status"]) for test in done.build["tests"]] == [("doubled", "fail")]
    assert [item["status"] for item in done.build["assets"]] == ["fail", "skipped"]


def test_no_value_of_a_private_column_is_anywhere(store: Store) -> None:
    """Not even where the change takes the tag away, or where a model below gives it a new name."""
    edits, _ = BRANCHES["private"]
    store.edit(edits)
    path = store.root / "report.md"

    done = store.check("--write", str(path), "--write", str(path.with_suffix(".xml")))

    tables = {table["asset"]: table for table in done.build["tables"]}
    assert tables["marts.customers"]["private"] == ["mail"]
    assert tables["marts.contacts"]["private"] == ["contact"]
    for text in (done.out, path.read_text(), path.with_suffix(".xml").read_text()):
        assert "x.example" not in text


def test_a_large_table_is_sampled_and_that_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_diffing, "MOST_ROWS", 1_000)
    large = "/* @model\nkind: table\ngrain: [id]\n*/\nselect range as id, 1 as x from range(5000)\n"
    store.edit({"models/marts/large.sql": large})
    store.commit()
    store.call("build")
    store.git("checkout", "-q", "-b", "topic")
    store.edit({"models/marts/large.sql": ("1 as x", "2 as x")})

    (table,) = store.check().build["tables"]
    told = store.check(form="markdown").out

    assert table["sample"] == 0.02
    assert (table["rows"]["left"], table["rows"]["equal"]) == (5000, 0)
    assert 0 < table["rows"]["changed"] == table["rows"]["left_compared"] < 400
    assert "A sample: 2% of the keys, by their hash; " in told
    assert " (of 2%) |" in told


# The base ----------------------------------------------------------------------------------------


def test_what_prod_has_from_an_older_base_is_told_apart(store: Store) -> None:
    store.edit({DAILY: ("count(*)", "count(distinct order_id)")})
    store.edit({SEED: ("5,2,50,void", "6,2,60,paid,2026-01-03\n5,2,50,void")})
    store.commit()
    store.git("checkout", "-q", "-b", "topic")
    store.edit(OTHER_EUROS)

    build = store.check().build
    told = store.check(form="markdown").out

    assert {item["asset"]: item["why"] for item in build["not_of_base"]} == {
        "raw.orders": "new data in raw.orders",
        "staging.stg_orders": "follows raw.orders",
        "marts.orders": "new data in raw.orders",
        "marts.daily": "column orders changed",
    }
    assert "| **marts.daily** ⚠️ |" in told
    # New data are not built: what the change does is seen on the data that prod shows.
    (orders,) = (table for table in build["tables"] if table["asset"] == "marts.orders")
    assert (orders["rows"]["added"], orders["rows"]["changed"]) == (0, 4)
    (said,) = [found for found in build["diagnostics"] if found["code"] == "XF0912"]
    assert "'prod' is not what main (" in said["message"]
    assert "marts.daily" in said["message"]


def test_what_prod_lacks_and_the_change_reads_is_built(store: Store) -> None:
    store.edit({STG_ORDERS: ("ordered_at from", "ordered_at, 1 as one from")})
    store.commit()
    store.edit({ORDERS: ("status, ordered_at", "status, ordered_at, one")})

    build = store.check().build

    assert build["failed"] is False
    assert [item["asset"] for item in build["assets"]] == ["marts.orders", "staging.stg_orders"]
    assert store.rows("select distinct one from marts__pr_7.orders") == [(1,)]


def test_without_a_base_everything_is_built(store: Store) -> None:
    (store.root / "store.duckdb").unlink()
    store.edit(OTHER_EUROS)

    build = store.check().build

    assert "'prod' shows nothing yet" in build["problem"]
    assert (len(build["assets"]), build["tables"], build["failed"]) == (7, [], False)


def test_an_environment_may_be_the_base(store: Store) -> None:
    store.call("build", "--env", "staging")
    store.edit(OTHER_EUROS)

    build = store.check("--base-env", "staging").build
    unknown = store.check("--base-env", "stagin")

    assert (build["base"], len(build["tables"])) == ("staging", 2)
    assert unknown.code == 2
    assert "XF0604" in unknown.out


def test_a_named_head_is_built_from_git(store: Store) -> None:
    store.git("checkout", "-q", "-b", "topic")
    store.edit(OTHER_EUROS)
    store.commit()
    store.git("checkout", "-q", "main")

    build = store.check("--head", "topic").build

    assert [table["asset"] for table in build["tables"]] == ["marts.daily", "marts.orders"]
    assert store.rows("select sum(euros) from marts__pr_7.orders") == [(300,)]


def test_a_broken_model_does_not_keep_the_others(store: Store) -> None:
    store.edit({**OTHER_EUROS, DAILY: ("sum(euros)", "sum(pounds)")})

    done = store.check()

    assert done.code == 1
    assert [item["asset"] for item in done.build["assets"]] == ["marts.orders"]
    assert [table["asset"] for table in done.build["tables"]] == ["marts.orders"]


def test_a_table_that_grows_is_copied_and_not_carried_on(store: Store) -> None:
    grown = (
        "/* @model\nkind: incremental\ntime_column: ordered_at\n"
        "start: 2026-01-01\nend: 2026-01-05\n*/\n"
        "select order_id, euros, ordered_at from marts.orders\n"
    )
    store.edit({"models/marts/grown.sql": grown})
    store.commit()
    assert store.call("build").code == 0
    before = store.rows("select * from marts.grown order by all")
    store.git("checkout", "-q", "-b", "topic")
    store.edit(
        {
            **OTHER_EUROS,
            "models/marts/grown.sql": ("order_id, euros", "order_id + 0 as order_id, euros"),
        }
    )

    build = store.check().build

    assert build["failed"] is False
    assert store.rows("select sum(euros) from marts__pr_7.grown") == [(300,)]
    assert store.rows("select * from marts.grown order by all") == before


# Where it is built -------------------------------------------------------------------------------


def test_a_job_knows_its_pull_request(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12}}))
    words = ("ci", "--base", "main", "--build", "--format", "json")

    nobody = store.call(*words)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    github = store.call(*words)
    monkeypatch.delenv("GITHUB_EVENT_PATH")
    monkeypatch.setenv("CI_MERGE_REQUEST_IID", "34")
    gitlab = store.call(*words)
    named = store.call(*words, "--env", "mine")

    assert nobody.code == 2
    assert "--pr N or --env NAME" in nobody.err.replace("\n", " ")
    assert [answer.build["environment"] for answer in (github, gitlab, named)] == [
        "pr_12",
        "pr_34",
        "mine",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--env", "prod"), "XF0911"),
        (("--env", "mine", "--base-env", "mine"), "XF0911"),
        (("--pr", "7", "--untrusted"), "XF0910"),
    ],
)
def test_where_a_change_is_not_built(store: Store, words: tuple[str, ...], code: str) -> None:
    store.edit(OTHER_EUROS)

    done = store.call("ci", "--base", "main", "--build", *words)

    assert done.code == 2
    assert code in done.err
    assert store.rows("select count(*) from _xform.ledger_builds") == [(7,)]


@pytest.mark.parametrize(
    ("settings", "name", "days"),
    [
        ("", "pr_7", 14),
        ("", "pr_new", None),
        ("", "mine", None),
        ('[tool.xform.environments."pr_*"]\nexpires = "5d"\n', "pr_7", 5),
        ('[tool.xform.environments."*"]\nexpires = "3d"\n', "pr_7", 3),
    ],
)
def test_how_long_it_lasts(tmp_path: Path, settings: str, name: str, days: int | None) -> None:
    write(tmp_path, {"pyproject.toml": f'[tool.xform]\nname = "x"\n{settings}'})
    keeping = Workspace(Options(project_dir=tmp_path), {}).settings.keeping

    assert keeping.expiry(name) == (None if days is None else days * 86_400)


def test_it_lasts_for_a_while(store: Store) -> None:
    store.check()
    listed = json.loads(store.call("env", "list", "--format", "json").out)["environments"]

    assert {item["name"]: item["expires_at"] is not None for item in listed} == {
        "prod": False,
        "pr_7": True,
    }


def test_it_is_dropped_when_the_pull_request_closes(store: Store) -> None:
    store.edit(OTHER_EUROS)
    store.check()

    dropped = store.call("ci", "--cleanup", "--pr", "7", "--build", "--fail-on", "values")
    again = store.call("ci", "--cleanup", "--pr", "7")
    garbage = store.call("gc", "--grace", "0s")

    assert (dropped.code, again.code) == (0, 0)
    assert dropped.out == (
        "pr_7: 7 names dropped; 2 builds that nothing else shows are left to xform gc\n"
    )
    assert again.out == "pr_7 is not there: nothing to drop\n"
    assert store.rows(
        "select count(*) from information_schema.tables where table_schema like '%pr_7'"
    ) == [(0,)]
    assert garbage.out.endswith("2 builds dropped\n")
    assert store.rows("select count(*) from marts.orders") == [(4,)]


def test_an_untrusted_change_left_nothing_to_drop(store: Store) -> None:
    done = store.call("ci", "--cleanup", "--pr", "7", "--untrusted", "--format", "json")

    assert json.loads(done.out) == {
        "version": 1,
        "environment": "pr_7",
        "existed": False,
        "dropped": [],
        "left": 0,
    }


# Cost --------------------------------------------------------------------------------------------


def test_what_a_build_costs_comes_from_the_history(store: Store) -> None:
    store.edit(OTHER_EUROS)

    cost = json.loads(store.call("ci", "--base", "main", "--format", "json").out)["cost"]
    text = store.call("ci", "--base", "main").out

    assert (cost["recorded"], cost["unrecorded"], cost["threads"]) == (2, [], 2)
    assert 0 < cost["elapsed"] <= cost["work"]
    assert "a build takes less than 1 s of work" in text


def test_without_a_state_nothing_is_said_of_it(store: Store) -> None:
    shutil.rmtree(store.root / ".xform")
    store.edit(OTHER_EUROS)

    done = store.call("ci", "--base", "main", "--format", "json")
    limited = store.call("ci", "--base", "main", "--max-seconds", "60", "--format", "line")
    store.git("checkout", "-q", "--", ".")
    nothing = store.call("ci", "--base", "main", "--max-seconds", "60", "--format", "line")

    assert "cost" not in json.loads(done.out)
    assert not (store.root / ".xform" / "state.db").exists()
    assert limited.code == 1
    assert "cannot be told: no state with runs is here" in limited.out
    assert (nothing.code, nothing.out) == (0, "")


def test_a_build_that_costs_too_much_is_not_made(store: Store) -> None:
    store.edit(OTHER_EUROS)

    done = store.check("--max-seconds", "0", form="text")

    assert done.code == 1
    assert "Not built: it takes more than it may" in done.out
    assert "XF0903" in done.err
    assert store.rows("select count(*) from _xform.ledger_builds") == [(7,)]
    assert store.check("--max-seconds", "60").code == 0


def test_what_never_ran_counts_as_the_others(store: Store) -> None:
    store.edit({**OTHER_EUROS, "models/marts/more.sql": "select 1 as x from daily"})

    answer = store.call("ci", "--base", "main", "--format", "json")

    cost = json.loads(answer.out)["cost"]
    assert (cost["recorded"], cost["unrecorded"]) == (2, ["marts.more"])

"""A build with a fault at one of its calls, and what has to hold then and after the next build."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command_line import Project, copied, plain_environment

SCRIPT = Path(__file__).with_name("faulty_calls.py")
ENDED, NO_SUCH_CALL = 9, 7
"""How the script ends: at the fault; without one."""

Contents = dict[str, tuple[int, Any]]


@dataclass(frozen=True)
class Scenario:
    """A project as a build finds it, and what is published before and after a whole one."""

    start: Project
    before: Contents
    after: Contents
    reads: dict[str, set[str]]
    """Of each asset after it: what it reads, where it waits for that to be published. Tables that
    grow are shown as soon as they have grown."""


def scenario(start: Project, place: Path) -> Scenario:
    """Of a project as it stands, which is not touched."""
    before = start.contents() if start.path("warehouse.duckdb").exists() else {}
    whole = copied(start, place)
    reads = {
        asset["name"]: set(asset["depends_on"]) if asset["kind"] != "incremental" else set()
        for asset in whole.json("compile")["assets"]
    }
    whole.ok("build")
    return Scenario(start, before, whole.contents(), reads)


def with_fault(place: Project, where: str, how: str, number: int) -> int:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), where, how, str(number), "build", "--threads", "1"],
        cwd=place.root,
        env=plain_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert "Traceback" not in done.stderr, f"{number}: {done.stderr}"
    assert done.returncode in (0, 1, 2, 75, ENDED, NO_SUCH_CALL), f"{number}: {done.stderr}"
    return done.returncode


def survives(case: Scenario, place: Path, where: str, how: str, number: int) -> bool:
    """Whether there was a call of this number. What is published has to be whole after a fault at
    it, and the next build to converge."""
    at = f"after {how} at call {number} of the {where}"
    shop = copied(case.start, place)
    code = with_fault(shop, where, how, number)
    published_whole(case, shop, at)
    shop.ok("build")
    assert shop.contents() == case.after, at
    assert shop.actions() == {}, at
    checked = shop.call("state", "check", "--format", "json").data["findings"]
    # A lease of a process that is gone is taken by the next that has something to do.
    assert [found for found in checked if found["kind"] != "lease"] == [], at
    shutil.rmtree(place)
    return code != NO_SUCH_CALL


def published_whole(case: Scenario, shop: Project, at: str) -> None:
    """Each name shows what it did or what it will, and nothing new reads something old."""
    found = shop.contents() if shop.path("warehouse.duckdb").exists() else {}
    assert set(case.before) & set(case.after) <= set(found) <= {*case.before, *case.after}, at
    for name, content in found.items():
        old, new = case.before.get(name), case.after.get(name)
        assert content in (old, new), f"{name} {at}"
        if content != old:
            behind = {read for read in case.reads[name] if found[read] != case.after[read]}
            assert not behind, f"{name} was published before {behind} {at}"


def survives_all(case: Scenario, place: Path, where: str, how: str, numbers: Iterable[int]) -> int:
    """How many of the calls there were, up to the first that there was not."""
    count = 0
    for number in numbers:
        if not survives(case, place / f"at{number}", where, how, number):
            break
        count += 1
    return count

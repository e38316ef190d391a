"""Side by side: xform, dbt-core, dbt's Rust core and SQLMesh on one generated project, in one run.

    python compiler/dev/compare.py DIRECTORY [--models 1000] [--repeat 3] [--write FILE]

Each tool is installed into a virtual environment of its own under DIRECTORY (kept for the next
time), and gets the project as `translate.py` writes it. README.md beside this file says what each
row means.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import Bench, surroundings
from measure import CommandFailed, Cost, middle, run

HERE = Path(__file__).parent

LOAD_COLD = "load the project, cold"
LOAD_WARM = "load the project, nothing changed"
RUN_ALL = "build everything, cold"
RUN_NOTHING = "build, nothing changed"
RUN_CHANGE = "build, one model changed"
ROWS = (LOAD_COLD, LOAD_WARM, RUN_ALL, RUN_NOTHING, RUN_CHANGE)

QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
    "DO_NOT_TRACK": "1",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
    "NO_COLOR": "1",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """`wheels` are what is installed: only wheels, so that nothing is built or fetched from
    elsewhere. `load` and `build` are commands; `change` builds after one model has changed;
    before a cold start `caches` are deleted, before a cold build `results` too; `seed` then runs
    unmeasured."""

    title: str
    wheels: tuple[str, ...]
    versions: tuple[str, ...]
    project: str
    load: tuple[str, ...]
    build: tuple[str, ...]
    change: tuple[str, ...]
    caches: tuple[str, ...]
    results: tuple[str, ...]
    seed: tuple[str, ...] = ()
    builds: bool = True


DBT_CHANGE = ("dbt", "run", "--select", "state:modified+", "--state", "before")
TOOLS = (
    Tool(
        "dbt-core", ("dbt-core<2", "dbt-duckdb"), ("dbt-core", "dbt-duckdb", "duckdb"), "dbt",
        ("dbt", "parse"), ("dbt", "run"), DBT_CHANGE, ("target",), ("warehouse.duckdb*",),
        seed=("dbt", "seed"),
    ),
    Tool(
        "dbt Rust core", ("dbt-core==2.0.0a4",), ("dbt-core",), "dbt-rust",
        ("dbt", "parse"), ("dbt", "run"), DBT_CHANGE, ("target",), (), builds=False,
    ),
    Tool(
        "SQLMesh", ("sqlmesh[duckdb]",), ("sqlmesh", "sqlglot", "duckdb"), "sqlmesh",
        ("sqlmesh", "info", "--skip-connection"),
        ("sqlmesh", "plan", "--auto-apply", "--no-prompts"),
        ("sqlmesh", "plan", "--auto-apply", "--no-prompts"),
        (".cache",), ("warehouse.duckdb*", "state.duckdb*"),
    ),
)  # fmt: skip
"""xform is not in the list: it is measured where it stands, by `bench.Bench`."""


class Rival:
    """One tool, installed, with its form of the project."""

    def __init__(self, tool: Tool, scratch: Path, environments: Path, edited: str) -> None:
        self.tool = tool
        self.project = scratch / tool.project
        self._binaries = environments / tool.project / "bin"
        self._environ = {**os.environ, **QUIET}
        self._environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self._environ.pop("PYTHONPATH", None)
        if not self._binaries.exists():
            subprocess.run(
                [sys.executable, "-m", "uv", "venv", "-q", self._binaries.parent], check=True
            )
            subprocess.run(
                [
                    sys.executable, "-m", "uv", "pip", "install", "-q", "--only-binary", ":all:",
                    "--python", self._binaries / "python", *tool.wheels,
                ],
                check=True,
            )  # fmt: skip
        self._edited = self.project / edited
        self._original = self._edited.read_text("utf-8")
        self._edits = 0

    def versions(self) -> str:
        """What was measured."""
        script = (
            "import sys; from importlib.metadata import version;"
            "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
        )
        command = [str(self._binaries / "python"), "-c", script, *self.tool.versions]
        answer = subprocess.run(command, capture_output=True, check=True, text=True)
        return answer.stdout.strip()

    def measure(self, row: str) -> Cost | None:
        """One row, made ready and measured; None where the tool cannot do it."""
        if row not in (LOAD_COLD, LOAD_WARM) and not self.tool.builds:
            return None
        match row:
            case "load the project, cold":
                self._forget(self.tool.caches)
                return self._run(self.tool.load)
            case "load the project, nothing changed":
                return self._run(self.tool.load)
            case "build everything, cold":
                self._forget((*self.tool.caches, *self.tool.results))
                if self.tool.seed:
                    self._run(self.tool.seed)
                    self._forget(self.tool.caches)
                return self._run(self.tool.build)
            case "build, nothing changed":
                return self._run(self.tool.build)
            case _:
                return self._changed()

    def _changed(self) -> Cost:
        shutil.rmtree(self.project / "before", ignore_errors=True)
        if (self.project / "target").exists():
            shutil.copytree(self.project / "target", self.project / "before")
        self._edits += 1
        text, count = re.subn(r"\bid <> \d+", f"id <> {10**6 + self._edits}", self._original)
        assert count == 1, self._edited
        self._edited.write_text(text, "utf-8")
        cost = self._run(self.tool.change)
        self._edited.write_text(self._original, "utf-8")
        return cost

    def _forget(self, patterns: Sequence[str]) -> None:
        for pattern in patterns:
            for path in self.project.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _run(self, command: Sequence[str]) -> Cost:
        return run([str(self._binaries / command[0]), *command[1:]], self.project, self._environ)


def measure_xform(bench: Bench, row: str) -> Cost:
    """The same rows for xform; a build tests and publishes as well."""
    prepare: Callable[[], None]
    measured: Callable[[], Cost]
    match row:
        case "load the project, cold":
            prepare, measured = bench.without_caches, bench.compile
        case "load the project, nothing changed":
            prepare, measured = bench.restored, bench.compile
        case "build everything, cold":
            prepare, measured = bench.without_builds, bench.build
        case "build, nothing changed":
            prepare, measured = bench.restored, bench.build
        case _:
            prepare, measured = bench.with_edit, bench.build
    prepare()
    cost = measured()
    if row == RUN_CHANGE:
        bench.restored()
    return cost


def table(costs: dict[str, dict[str, Cost | None]]) -> str:
    """CPU seconds, wall seconds and peak memory, one line for each tool and row."""
    lines = [
        "| work | tool | CPU s | wall s | peak MB |",
        "| :--- | :--- | ---: | ---: | ---: |",
    ]
    for row in ROWS:
        for title, found in costs.items():
            cost = found[row]
            cells = ("not measured", "", "") if cost is None else (
                f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.memory / 1e6:.0f}"
            )  # fmt: skip
            lines.append(f"| {row} | {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def fastest(costs: dict[str, dict[str, Cost | None]]) -> str:
    """Who needs the least CPU time for each row, and by how much."""
    lines = []
    for row in ROWS:
        ranked = sorted(
            (cost.cpu, title) for title, found in costs.items() if (cost := found[row]) is not None
        )
        (best, first), (second_best, second) = ranked[:2]
        lines.append(f"- {row}: {first}, {second_best / best:.1f} times less than {second}.")
    return "\n".join(lines)


PAGE = """\
# Side by side

One generated project of {models} models ({readers} of them read the changed one), in one run of
`compiler/dev/compare.py` on {date}; {rounds}. Whole processes, the interpreter's
start included; CPU is user and system time of all threads and children; memory is the peak of the
largest process. Compare ratios: seconds are those of this machine ({machine}).

{table}

## Who is fastest

By CPU time:

{fastest}

## What was measured

{versions}

- *Load*: `xform compile` (names, columns, lineage, fingerprints, compiled SQL and manifest),
  `dbt parse` (Jinja and dependencies; no SQL is parsed), `sqlmesh info` (models are parsed).
- *Build*: `xform build` (seeds, models, tests, publishing), `dbt run` (models only: seeds were
  loaded before and no test is run), `sqlmesh plan --auto-apply` (seeds, models, audits).
- *Cold*: without caches; building cold also without a warehouse (dbt's seeds are then loaded
  unmeasured).
- *One model changed*: a constant in a WHERE clause. dbt runs `state:modified+` against the state
  before, which is its way of running what a change reaches; a plain `dbt run` is the row above.
- dbt has no notion of work already done: with nothing changed, `dbt run` builds everything again.
- dbt's Rust core loads a database driver from the network on its first run; here it had none, so
  only its parsing was measured.
- SQLMesh's models are plain SQL, the others' hold Jinja.
- Each tool is the newest that installs from wheels alone.
- Settings: 2 threads for dbt and xform; SQLMesh runs one model at a time on DuckDB; telemetry is
  off everywhere; bytecode is cached.
"""


def compare(directory: Path, models: int, repeat: int) -> str:
    """Measure all and give the page. Raises CommandFailed where a tool fails."""
    scratch = directory / str(models)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    bench = Bench(scratch, models)
    translate = [sys.executable, str(HERE / "translate.py"), str(bench.project), str(scratch)]
    run(translate, HERE, os.environ)
    shutil.copytree(scratch / "dbt", scratch / "dbt-rust")
    rivals = [Rival(tool, scratch, directory / "environments", bench.edited) for tool in TOOLS]
    titles = ["xform", *(rival.tool.title for rival in rivals)]
    found: dict[str, dict[str, list[Cost]]] = {t: {row: [] for row in ROWS} for t in titles}
    bench.warm_up()
    for rival in rivals:  # fills bytecode caches
        rival.measure(LOAD_COLD)
    for turn in range(1, repeat + 1):
        for row in ROWS:
            print(f"round {turn} of {repeat}: {row}", file=sys.stderr, flush=True)
            found["xform"][row].append(measure_xform(bench, row))
            for rival in rivals:
                cost = rival.measure(row)
                if cost is not None:
                    found[rival.tool.title][row].append(cost)
    costs = {
        title: {row: middle(each) if each else None for row, each in rows.items()}
        for title, rows in found.items()
    }
    versions = [f"- xform: {surroundings()}"]
    versions += [f"- {rival.tool.title}: {rival.versions()}" for rival in rivals]
    return PAGE.format(
        models=f"{models:,}",
        readers=bench.readers,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        rounds="one round" if repeat == 1 else f"medians of {repeat} rounds",
        machine=f"{platform.machine()}, {os.cpu_count()} CPUs",
        table=table(costs),
        fastest=fastest(costs),
        versions="\n".join(versions),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure xform beside its neighbours.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3, help="rounds; numbers are medians")
    parser.add_argument("--write", type=Path, help="write the page to this file too")
    asked = parser.parse_args()
    try:
        page = compare(asked.directory.resolve(), asked.models, asked.repeat)
    except CommandFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print(page)
    if asked.write:
        asked.write.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

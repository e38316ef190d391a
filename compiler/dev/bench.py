"""The benchmark: what compiling and building synthetic projects costs, beside bare parsing and
bare DuckDB, in one run.

    python compiler/dev/bench.py 100 1000 [--repeat 5] [--keep DIRECTORY] [--json FILE]

README.md beside this file says what each row means.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from measure import CommandFailed, Cost, middle, run

HERE = Path(__file__).parent
READERS = 50
"""The changed file is that of a model with about so many readers, direct or through others."""
SETTLE = 2.2
"""Seconds after which a written file counts as unchanged by its times alone."""

_PARSE = """\
import pathlib, sqlglot, sys
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    sqlglot.parse_one(path.read_text("utf-8"), dialect="duckdb")
"""

_PLAIN = """\
import duckdb, pathlib, sys
with duckdb.connect(sys.argv[2]) as connection:
    connection.execute(pathlib.Path(sys.argv[1]).read_text("utf-8"))
"""


class Bench:
    """One project of `size` models in a scratch directory, and all that is done to it."""

    def __init__(self, scratch: Path, size: int) -> None:
        self.size = size
        self.project = scratch / "project"
        self._plain = scratch / "plain"
        self._warehouse = self._plain / "plain.duckdb"
        self._environ = dict(os.environ)
        self._environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self._environ["PYTHONPYCACHEPREFIX"] = str(scratch / "bytecode")
        self._edits = 0
        self._script("generate.py", str(self.project), "--models", str(size))
        self._script("plain.py", str(self.project), str(self._plain))
        self._edited, self.readers = self._model_to_edit()
        self._original = self._edited.read_text("utf-8")

    @property
    def edited(self) -> str:
        """The file of the model that is changed, relative to the project."""
        return self._edited.relative_to(self.project).as_posix()

    # Commands ------------------------------------------------------------------------------------

    def parse(self) -> Cost:
        return self._python("-c", _PARSE, str(self._plain / "rendered"))

    def compile(self) -> Cost:
        return self._xform("compile")

    def build(self) -> Cost:
        return self._xform("build")

    def plan(self) -> Cost:
        return self._xform("plan")

    def list_one(self) -> Cost:
        return self._xform("ls", "--select", self._edited.stem)

    def plain(self) -> Cost:
        return self._python("-c", _PLAIN, str(self._plain / "plain.sql"), str(self._warehouse))

    def same(self) -> Cost:
        """The statements that the last build ran, tests and views of published names among them."""
        return self._python("-c", _PLAIN, str(self._plain / "same.sql"), str(self._warehouse))

    # Preparations --------------------------------------------------------------------------------

    def nothing(self) -> None:
        """The state that the row before has left."""

    def without_caches(self) -> None:
        shutil.rmtree(self.project / ".xform" / "cache", ignore_errors=True)
        shutil.rmtree(self.project / "target", ignore_errors=True)

    def without_builds(self) -> None:
        self.without_caches()
        shutil.rmtree(self.project / ".xform", ignore_errors=True)
        for path in self.project.glob("warehouse.duckdb*"):
            path.unlink()

    def without_plain(self) -> None:
        for path in self._plain.glob("plain.duckdb*"):
            path.unlink()

    def with_statements(self) -> None:
        """Write down what the last build ran, in its order."""
        self.without_plain()
        shown = subprocess.run(
            self._command("runs", "show", "--format", "json"),
            cwd=self.project,
            env=self._environ,
            capture_output=True,
            check=True,
        )
        found = sorted(json.loads(shown.stdout)["run"]["statements"], key=lambda s: s["started_at"])
        schemas = {path.name for path in self.project.glob("*s/*") if path.is_dir()}
        lines = [f'create schema "{name}";' for name in sorted({"_xform", *schemas})]
        lines += [f"{one['sql'].rstrip().rstrip(';')};" for one in found]
        (self._plain / "same.sql").write_text("\n".join(lines), "utf-8")

    def with_edit(self) -> None:
        """Change one model in a way never seen before, so that no cache knows the answer."""
        self._edits += 1
        text, count = re.subn(r"\bid <> \d+", f"id <> {10**6 + self._edits}", self._original)
        assert count == 1, self._edited
        self._edited.write_text(text, "utf-8")

    def restored(self) -> None:
        """Take the change back, and bring every cache up to date with that."""
        if self._edits:
            self._edited.write_text(self._original, "utf-8")
        time.sleep(SETTLE)
        self.compile()
        self.plan()

    # Around it -----------------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Fill the bytecode cache, and see that every command works and a no-op is one."""
        self.parse()
        self.without_builds()
        self.build()
        self.with_statements()
        self.same()
        self.compile()
        self.without_plain()
        self.plain()
        answer = subprocess.run(
            self._command("plan", "--format", "json"),
            cwd=self.project,
            env=self._environ,
            capture_output=True,
            check=True,
        )
        work = [one["asset"] for one in json.loads(answer.stdout)["actions"]]
        if work:
            raise CommandFailed(f"a second build would not be a no-op: {', '.join(work[:5])}")

    def _model_to_edit(self) -> tuple[Path, int]:
        """The file of a model with about `READERS` readers, and how many it has."""
        manifest = json.loads((self.project / "synthetic.json").read_text("utf-8"))
        readers: dict[str, set[str]] = {}
        for model in reversed(manifest["models"]):
            mine = readers.setdefault(model["name"], set())
            for read in model["reads"]:
                readers.setdefault(read, set()).update(mine, {model["name"]})
        models = manifest["models"]
        best = min(models, key=lambda model: abs(len(readers[model["name"]]) - READERS))
        return self.project / best["path"], len(readers[best["name"]])

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "xform", *arguments]

    def _xform(self, *arguments: str) -> Cost:
        return run(self._command(*arguments, "--quiet"), self.project, self._environ)

    def _python(self, *arguments: str) -> Cost:
        return run([sys.executable, *arguments], self.project, self._environ)

    def _script(self, name: str, *arguments: str) -> None:
        """In a process of its own: this one must stay small."""
        run([sys.executable, str(HERE / name), *arguments], HERE, self._environ)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what is made ready, unmeasured, and what is measured then.

    `heavy` rows, which build everything, are measured half as often.
    """

    title: str
    prepare: Callable[[Bench], None]
    measure: Callable[[Bench], Cost]
    heavy: bool = False


FIRST = "sqlglot.parse_one of all"
PLAIN = "plain duckdb, one script"

ROWS = (
    Row(FIRST, Bench.nothing, Bench.parse),
    Row("compile, cold", Bench.without_caches, Bench.compile),
    Row("compile, nothing changed", Bench.restored, Bench.compile),
    Row("compile, one file changed", Bench.with_edit, Bench.compile),
    Row("plan, one file changed", Bench.with_edit, Bench.plan),
    Row("build, nothing changed", Bench.restored, Bench.build),
    Row("plan, nothing changed", Bench.nothing, Bench.plan),
    Row("ls of one model", Bench.nothing, Bench.list_one),
    Row("build everything, cold", Bench.without_builds, Bench.build, heavy=True),
    Row("its statements, one script", Bench.with_statements, Bench.same, heavy=True),
    Row(PLAIN, Bench.without_plain, Bench.plain, heavy=True),
)
"""In the order in which they run; each leaves a state that the next can stand on."""


@dataclass(frozen=True, slots=True)
class Result:
    """`cost` is the median of `times` runs; `low` and `high` are the extremes of its CPU time."""

    size: int
    title: str
    cost: Cost
    low: float
    high: float
    times: int


def measure(bench: Bench, repeat: int, say: Callable[[str], None]) -> list[Result]:
    """All rows, `repeat` times round, so that a slow moment of the machine meets all of them."""
    costs: dict[str, list[Cost]] = {row.title: [] for row in ROWS}
    for turn in range(repeat):
        say(f"{bench.size} models: round {turn + 1} of {repeat}")
        for row in ROWS:
            if row.heavy and turn % 2:
                continue
            row.prepare(bench)
            costs[row.title].append(row.measure(bench))
    return [
        Result(
            bench.size,
            title,
            middle(found),
            min(cost.cpu for cost in found),
            max(cost.cpu for cost in found),
            len(found),
        )
        for title, found in costs.items()
    ]


def table(results: Sequence[Result]) -> str:
    """The results of one project as Markdown. Ratios are of CPU time."""
    cpu = {result.title: result.cost.cpu for result in results}
    lines = [
        "| work | CPU s | lowest-highest | ms a model | x parse | x plain | wall s | peak MB |",
        "| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        cost = result.cost
        cells = (
            result.title,
            f"{cost.cpu:.2f}",
            f"{result.low:.2f}-{result.high:.2f}",
            f"{1000 * cost.cpu / result.size:.2f}",
            f"{cost.cpu / cpu[FIRST]:.2f}",
            f"{cost.cpu / cpu[PLAIN]:.2f}",
            f"{cost.wall:.2f}",
            f"{cost.memory / 1e6:.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def surroundings() -> str:
    """What the numbers depend on besides the code."""
    found = [f"Python {platform.python_version()}", f"{os.cpu_count()} CPUs"]
    for name in ("xform-sql", "sqlglot", "sqlglotc", "duckdb"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)


def main(arguments: Iterable[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure xform on synthetic projects.")
    parser.add_argument("sizes", type=int, nargs="+", metavar="N", help="models in a project")
    parser.add_argument("--repeat", type=int, default=5, help="rounds; numbers are medians")
    parser.add_argument(
        "--keep",
        type=Path,
        help="make the projects in here, in a folder N each, anew, and leave them",
    )
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    asked = parser.parse_args(None if arguments is None else list(arguments))

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    every: list[Result] = []
    print(f"{surroundings()}; medians of {asked.repeat} rounds\n")
    with tempfile.TemporaryDirectory(prefix="xform-bench-") as temporary:
        for size in asked.sizes:
            scratch = (asked.keep or Path(temporary)).resolve() / str(size)
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
            try:
                bench = Bench(scratch, size)
                bench.warm_up()
                results = measure(bench, asked.repeat, say)
            except CommandFailed as failure:
                say(str(failure))
                return 1
            every += results
            print(f"{size} models; the changed one has {bench.readers} readers\n")
            print(table(results) + "\n", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in every], indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

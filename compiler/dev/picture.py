"""Draws the README's picture: the plan of the README's change, on a copy of the example.

Run by hand when the plan's look changes: `python compiler/dev/picture.py`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from xform.app.building.building import Wanted, build
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.workspace import Options, Workspace
from xform.console.picture import plan_svg

ROOT = Path(__file__).parents[2]
PARTS = ("models", "macros", "seeds", "profiles.yml", "pyproject.toml")
EDITED = "models/marts/fct_departures.sql"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        for part in PARTS:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, project / part)
        planner = _planner(project)
        build(planner.workspace, planner, planner.plan(), Wanted(), lambda event: None)
        model = project / EDITED
        model.write_text(model.read_text().replace("minutes * 2 >=", "minutes * 3 >="))
        plan = _planner(project).plan().plan
    (ROOT / "docs" / "plan.svg").write_text(plan_svg(plan, width=90), "utf-8")


def _planner(project: Path) -> EnvironmentPlanner:
    workspace = Workspace(Options(project))
    return EnvironmentPlanner(workspace, workspace.compile())


if __name__ == "__main__":
    main()

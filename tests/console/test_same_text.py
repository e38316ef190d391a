"""What holds for every renderer: colour adds nothing to the text, ASCII is ASCII, lines fit."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from xform.base.diagnostics import Diagnostic, Label, Severity
from xform.base.hashing import digest_text
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.console.cells import width as cells
from xform.console.diagnostics import diagnostic_lines
from xform.console.lineage import ColumnSources, lineage_lines
from xform.console.paint import ansi, plain, rich_text
from xform.console.plan import plan_lines
from xform.console.progress import frame_lines
from xform.console.run_view import RunView
from xform.console.summary import summary_lines
from xform.console.tables import table_lines
from xform.console.terminal import Surface
from xform.console.text import Line
from xform.console.why import explanation_lines
from xform.plan.explanation import Difference, Explanation
from xform.plan.plan import Action, ActionKind, Plan, Reason, ReasonKind
from xform.run.events import CheckDone, NodeDone, NodeStart, RunEnd, RunStart
from xform.run.ports import QueryResult

ORDERS, DAYS = AssetName("staging.stg_orders"), AssetName("marts.days")
CODE = Reason(ReasonKind.CODE, "column amount changed, together with a good deal besides")
READS = Reason(ReasonKind.DEPENDENCY, "reads staging.stg_orders.amount")


def _diagnostics(surface: Surface) -> list[Line]:
    span = Span("m.sql", 1, 8, 1, 13)
    label = Label(Span("m.sql", 3, 1, 3, 5), "a message about this place that is rather long")
    found = Diagnostic("XF0401", Severity.ERROR, "message", span, "help " * 30, labels=(label,))
    text = f"select amout, {'b, ' * 80}\n\nfrom t"
    return diagnostic_lines([found], {"m.sql": text}.get, surface)


def _plan(surface: Surface) -> list[Line]:
    actions = (Action(ORDERS, ActionKind.BUILD, (CODE,)), Action(DAYS, ActionKind.BUILD, (READS,)))
    return plan_lines(Plan("p", actions, (ORDERS,)), surface, explain=True)[1:]


def _why(surface: Surface) -> list[Line]:
    changed = Difference("c", "a " * 200, "a " * 100 + "b " * 100)
    return explanation_lines(
        Explanation(DAYS, "prod", "table", "m.sql", False, digest_text(""), (CODE,), (changed,)),
        surface,
    )


def _run(surface: Surface) -> list[Line]:
    view = RunView()
    view.add(RunStart("r", "p", (ORDERS, DAYS), 1, ""), 0.0)
    view.add(NodeStart(ORDERS, "", ""), 0.0)
    moving = frame_lines(view, 1.0, surface)
    view.add(NodeDone(ORDERS, "success", 1, 2.0, "b", ""), 0.0)
    view.add(CheckDone(ORDERS, "a claim that is put in many words", "warn", 3, 0.1), 0.0)
    view.add(NodeDone(DAYS, "success", 1, 1.0, "b", ""), 0.0)
    view.add(RunEnd("r", "success", 2, 0, 0, 1, 1.0, ""), 0.0)
    return moving + summary_lines(view, surface)[1:]


def _table(surface: Surface) -> list[Line]:
    columns = tuple((f"column_{number}", "VARCHAR") for number in range(30))
    return table_lines(QueryResult(columns, [("value " * 20,) * 30, (None,) * 30]), surface)


def _lineage(surface: Surface) -> list[Line]:
    return lineage_lines((DAYS, "n"), {(DAYS, "n"): ColumnSources(((ORDERS, "id"),), ())}, surface)


RENDERERS = (_diagnostics, _plan, _why, _run, _table, _lineage)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("render", RENDERERS)
def test_plain_and_coloured_have_the_same_text(
    render: Callable[[Surface], list[Line]], width: int
) -> None:
    rows = render(Surface(width=width, colour=True))
    assert [re.sub(r"\x1b\[[\d;]*m", "", ansi(row)) for row in rows] == list(map(plain, rows))
    assert [rich_text(row).plain for row in rows] == [row.text for row in rows]
    assert any("\x1b[" in ansi(row) for row in rows)


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("render", RENDERERS)
def test_lines_fit(render: Callable[[Surface], list[Line]], width: int) -> None:
    rows = [plain(row) for row in render(Surface(width=width))]
    assert [row for row in rows if cells(row) > width] == []


@pytest.mark.parametrize("render", RENDERERS)
def test_ascii_is_ascii(render: Callable[[Surface], list[Line]]) -> None:
    rows = [plain(row) for row in render(Surface(width=60, unicode=False))]
    assert [row for row in rows if not row.isascii()] == []

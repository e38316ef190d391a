"""Runs that are over: a list of them, and one with all that happened in it.

20260701T093012-1a2b3c  success    prod   19 built                  4.20s  xform build
20260701T101500-77e0d1  failed     prod    3 built · 1 failed       1.02s  xform build --env dev
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xform.console.cells import pad, width
from xform.console.terminal import Surface
from xform.console.text import EMPTY, Fragment, Line, Style, dim, line, strong
from xform.console.words import count, duration
from xform.run.history import PastRun, RunCheck, RunNode, Statement

_STYLES = {
    "success": Style.GOOD,
    "pass": Style.GOOD,
    "failed": Style.ERROR,
    "error": Style.ERROR,
    "fail": Style.ERROR,
    "cancelled": Style.WARNING,
    "warn": Style.WARNING,
    "running": Style.DATA,
    "skipped": Style.DIM,
}
_STATUS = len("cancelled")


def runs_lines(runs: Sequence[PastRun], surface: Surface) -> list[Line]:
    if not runs:
        return [line(dim("no run is remembered yet: xform build"))]
    environments = max(width(run.environment) for run in runs)
    sums = [_sums(run, surface) for run in runs]
    sums_width = max(width(text) for text in sums)
    return [
        line(
            strong(run.run_id),
            "  ",
            _status(run.status),
            f"  {pad(run.environment, environments)}  {pad(text, sums_width)}",
            f"  {_seconds(run):>7}  ",
            dim(run.asked.command),
        )
        for run, text in zip(runs, sums, strict=True)
    ]


def run_lines(run: PastRun, surface: Surface) -> list[Line]:
    """A whole run: what it was, each node, and under it what it ran."""
    lines = [
        line(strong(run.run_id), "  ", _status(run.status), dim(f"  ({_where(run)})")),
        line(f"{_time(run.started_at)}  {_sums(run, surface)}  {_seconds(run)}".rstrip()),
    ]
    if run.asked.command:
        lines.append(line(dim("do it again: "), run.asked.command))
    lines += [line(Fragment(f"{log.level}: ", Style.WARNING), log.message) for log in run.logs]
    for node in run.nodes:
        lines += [EMPTY, *_node(node)]
        lines += [_check(check) for check in run.checks if check.asset == node.asset]
        for statement in run.statements:
            if statement.asset == node.asset:
                lines += _statement(statement)
    known = {node.asset for node in run.nodes}
    others = [statement for statement in run.statements if statement.asset not in known]
    for asset in dict.fromkeys(statement.asset for statement in others):
        lines += [EMPTY, line(strong(str(asset)))]
        for statement in others:
            if statement.asset == asset:
                lines += _statement(statement)
    never = [asset for asset in run.asked.planned if asset not in known]
    lines += [line(_status("unended"), f"  {asset}") for asset in never]
    return lines


def _node(node: RunNode) -> Iterator[Line]:
    rows = f"  {count(node.rows, 'row')}" if node.rows is not None else ""
    took = f"  {duration(node.seconds)}" if node.status != "skipped" else ""
    reason = f"  {node.reason}" if node.reason else ""
    yield line(_status(node.status), "  ", strong(str(node.asset)), rows, took, dim(reason))
    for text in node.message.splitlines():
        yield line(" " * _STATUS, "  ", text)


def _check(check: RunCheck) -> Line:
    said = check.message.splitlines()[0] if check.message else check.check
    return line("  ", _status(check.status), f"  {said}  {duration(check.seconds)}")


def _statement(statement: Statement) -> Iterator[Line]:
    at = f"  {_time(statement.started_at)[11:]}  {duration(statement.seconds)}"
    failed = f"  {statement.message.splitlines()[0]}" if statement.message else ""
    yield line(dim(at), Fragment(failed, Style.ERROR))
    for text in statement.sql.strip().splitlines():
        if text.strip():
            yield line("    ", text)


def _status(status: str) -> Fragment:
    return Fragment(pad(status, _STATUS), _STYLES.get(status, Style.PLAIN))


def _where(run: PastRun) -> str:
    return f"environment {run.environment}"


def _sums(run: PastRun, surface: Surface) -> str:
    named = (
        (run.built, "built"),
        (run.failed, "failed"),
        (run.skipped, "skipped"),
        (run.warned, "warned"),
    )
    parts = [f"{number:,} {word}" for number, word in named if number]
    return f" {surface.symbols.dot} ".join(parts) or "0 built"


def _seconds(run: PastRun) -> str:
    return duration(run.seconds) if run.seconds is not None else ""


def _time(at: str) -> str:
    return at[:19].replace("T", " ")

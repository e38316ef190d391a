"""What was built of a change, as Markdown: what went wrong, then how the rows differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from xform.app.environments.preview import Preview, asset_words, other_tests, outcome_words
from xform.checks.table_diff import Cell, ColumnDiff, Example, KeyDiff, TableDiff, share_text
from xform.ci.writing import code, folded, names, plain

_TABLES = 8
"""Tables told at once; the rest is folded."""
_LONGEST = 20_000
"""Characters of columns and rows: the rest is for `xform diff` to tell."""
_COLUMNS = 3
_MOST_COLUMNS = 15
_WRONG = 8

_HEAD = "| asset | rows | changed | added | removed | key | columns that differ |"
_RULE = "| --- | ---: | ---: | ---: | ---: | --- | --- |"


def preview_blocks(preview: Preview) -> Iterator[str]:
    """Blocks of a comment, the worst first."""
    icon = "🔴" if preview.failed else "✅"
    where = f"Built in {code(preview.environment)}" if preview.built else "Not built"
    yield f"**{icon} {where}: {plain(outcome_words(preview))}**"
    wrong = list(_wrong(preview))
    if wrong:
        yield "\n".join(wrong[:_WRONG])
    if wrong[_WRONG:]:
        yield folded(f"{len(wrong) - _WRONG} more", "\n".join(wrong[_WRONG:]))
    if preview.built and preview.problem:
        yield plain(preview.problem)
    yield from _not_of_base(preview)
    yield from _tables(preview)


def table_text(preview: Preview, asset: str) -> str:
    """How the rows of an asset differ, in plain lines; empty where nothing is known of it."""
    table = next((item for item in preview.tables if item.asset == asset), None)
    if table is None:
        return ""
    lines = [f"{preview.base} to {preview.environment}: {_change(table)}"]
    rows = table.rows
    if rows is not None:
        counts = f"{rows.equal:,} equal, {rows.changed:,} changed"
        lines.append(
            f"rows {_way(rows.left, rows.right)}: {counts}, {rows.added:,} added, "
            f"{rows.removed:,} removed"
        )
        lines.append(_key(table.key, preview) or "no key is known")
    if table.sample is not None:
        lines.append(_sample(table))
    return "\n".join(line.replace("`", "") for line in lines)


# What went wrong ---------------------------------------------------------------------------------


def _wrong(preview: Preview) -> Iterator[str]:
    for item in preview.went_wrong:
        yield f"- **{plain(item.asset)}** {plain(asset_words(item))} ({code(item.path)})"
    for test in other_tests(preview):
        verb = "warns" if test.status == "warn" else "failed"
        yield f"- **{plain(test.asset)}** test {verb}: {plain(test.message or test.test)}"


def _not_of_base(preview: Preview) -> Iterator[str]:
    if not preview.not_of_base:
        return
    lines = [
        f"- **{plain(item.asset)}** {plain(item.why)}"
        for item in preview.not_of_base[:_MOST_COLUMNS]
    ]
    if len(preview.not_of_base) > _MOST_COLUMNS:
        lines.append(f"- and {len(preview.not_of_base) - _MOST_COLUMNS:,} more")
    number = len(preview.not_of_base)
    title = (
        f"⚠️ {code_html(preview.base)} is not what the base makes of {number:,} "
        f"{'asset' if number == 1 else 'assets'}: where these differ, or what reads them, it need "
        "not be the change"
    )
    yield folded(title, "\n".join(lines))


def code_html(text: str) -> str:
    """As code where Markdown is not read: in the title of what is folded."""
    return f"<code>{text}</code>"


# How rows differ ---------------------------------------------------------------------------------


def _tables(preview: Preview) -> Iterator[str]:
    told = [table for table in preview.tables if table.differs]
    same = [table.asset for table in preview.tables if not table.differs]
    if not told:
        if same:
            yield f"All rows are those of {code(preview.base)}."
        return
    rows = [_row(table, preview) for table in told]
    title = f"Rows, from {code(preview.base)} to {code(preview.environment)}:"
    yield "\n".join([title, "", _HEAD, _RULE, *rows[:_TABLES]])
    if rows[_TABLES:]:
        more = "\n".join([_HEAD, _RULE, *rows[_TABLES:]])
        yield folded(f"{len(rows) - _TABLES} more tables differ", more)
    if same:
        yield f"The same rows: {names(same, _TABLES)}"
    details = list(filter(None, (_details(table, preview) for table in told)))
    kept = [detail for detail, end in zip(details, _ends(details), strict=True) if end <= _LONGEST]
    if len(kept) < len(details):
        more = f"xform diff {preview.base} {preview.environment}"
        kept.append(f"{len(details) - len(kept):,} more tables: {code(more)}")
    if kept:
        yield folded("Columns and sample rows", "\n\n".join(kept))


def _ends(texts: Sequence[str]) -> Iterator[int]:
    """Where each text ends, were they all one."""
    return accumulate(len(text) for text in texts)


def _row(table: TableDiff, preview: Preview) -> str:
    note = " ⚠️" if preview.reason_of(table.asset) else ""
    name = f"**{plain(table.asset)}**{note}"
    rows = table.rows
    if rows is None:
        built = next((item for item in preview.assets if item.asset == table.asset), None)
        number = f"{built.rows:,}" if built is not None and built.rows is not None else ""
        return f"| {name} | {number} | | | | | {_change(table)} |"
    numbers = (rows.changed, rows.added, rows.removed)
    sample = f" (of {100 * table.sample:.6g}%)" if table.sample is not None else ""
    cells = [f"{number:,}{sample}" if number else "" for number in numbers]
    way = _way(rows.left, rows.right)
    return (
        f"| {name} | {way} | {' | '.join(cells)} | {_key(table.key, preview)} | {_short(table)} |"
    )


def _change(table: TableDiff) -> str:
    if table.problem:
        return f"could not be compared: {plain(table.problem)}"
    return {"added": "new", "removed": "gone", "same": "the same rows", "changed": "other rows"}[
        table.change
    ]


def _short(table: TableDiff) -> str:
    """The columns that differ most."""
    assert table.rows is not None
    told = []
    for column in _differing(table):
        if column.left_type is None:
            told.append(f"{code(column.name)} added")
        elif column.right_type is None:
            told.append(f"{code(column.name)} removed")
        elif column.retyped:
            told.append(f"{code(column.name)} {code(_types(column))}")
        elif column.differing:
            equal = share_text(table.rows.paired - column.differing, table.rows.paired)
            told.append(f"{code(column.name)} {equal} equal")
    more = f" and {len(told) - _COLUMNS} more" if len(told) > _COLUMNS else ""
    return ", ".join(told[:_COLUMNS]) + more


def _differing(table: TableDiff) -> list[ColumnDiff]:
    told = [column for column in table.columns if column.reshaped or column.differing]
    return sorted(
        told,
        key=lambda column: (
            not (column.right_type is None or column.retyped),
            -(column.differing or 0),
        ),
    )


def _key(key: KeyDiff | None, preview: Preview) -> str:
    if key is None:
        return ""
    told = ", ".join(code(name) for name in key.columns)
    for name, side in ((preview.base, key.left), (preview.environment, key.right)):
        if side.keys:
            times = "key" if side.keys == 1 else "keys"
            told += f", in {plain(name)} {side.keys:,} {times} in {side.rows:,} rows"
    return f"🔴 {told}" if key.lost else told


def _details(table: TableDiff, preview: Preview) -> str:
    if table.rows is None:
        return ""
    lines = [f"**{plain(table.asset)}**"]
    why = preview.reason_of(table.asset)
    if why:
        lines.append(f"⚠️ in {code(preview.base)} it is not what the base makes: {plain(why)}")
    if table.sample is not None:
        lines.append(_sample(table))
    columns = _differing(table)
    if columns:
        rows = [_column(column, table) for column in columns[:_MOST_COLUMNS]]
        head = ["| column | type | equal | NULL | distinct |", "| --- | --- | ---: | ---: | ---: |"]
        more = columns[_MOST_COLUMNS:]
        if more:
            rows.append(f"| and {names((c.name for c in more), _MOST_COLUMNS)} | | | | |")
        lines.append("\n".join([*head, *rows]))
    if table.examples:
        lines.append("\n".join(_example(example) for example in table.examples))
    if table.private:
        lines.append(f"Never shown: {names(table.private, _MOST_COLUMNS)}")
    return "\n\n".join(lines)


def _sample(table: TableDiff) -> str:
    assert table.rows is not None
    assert table.sample is not None
    of = "keys" if table.key else "rows"
    return (
        f"A sample: {100 * table.sample:.6g}% of the {of}, by their hash; "
        f"{table.rows.left_compared:,} and {table.rows.right_compared:,} rows were compared"
    )


def _column(column: ColumnDiff, table: TableDiff) -> str:
    assert table.rows is not None
    equal = nulls = distinct = ""
    if column.differing is not None:
        equal = share_text(table.rows.paired - column.differing, table.rows.paired)
    if column.left_nulls is not None and column.right_nulls is not None:
        nulls = _words(
            share_text(column.left_nulls, table.rows.left_compared),
            share_text(column.right_nulls, table.rows.right_compared),
        )
        about = "" if table.distinct_exact else "~"
        distinct = _words(f"{about}{column.left_distinct:,}", f"{about}{column.right_distinct:,}")
    return f"| {code(column.name)} | {code(_types(column))} | {equal} | {nulls} | {distinct} |"


def _types(column: ColumnDiff) -> str:
    left, right = ((kind or "").lower() for kind in (column.left_type, column.right_type))
    if column.left_type is None or column.right_type is None:
        return f"+ {right}" if column.left_type is None else f"- {left}"
    return left if left == right else f"{left} → {right}"


def _example(example: Example) -> str:
    key = ", ".join(_cell(cell, both=False) for cell in example.key)
    both = example.kind == "changed"
    cells = [_cell(cell, both=both) for cell in example.cells]
    if example.more:
        cells.append(f"{example.more:,} more")
    if both and not cells:
        cells = ["in columns that are not shown"]
    copies = f"{example.copies:,} times " if example.copies > 1 else ""
    between = ": " if key and cells else ""
    return f"- {example.kind} {copies}{key}{between}{', '.join(cells)}"


def _cell(cell: Cell, *, both: bool) -> str:
    left, right = ("NULL" if text is None else code(text) for text in (cell.left, cell.right))
    if both:
        return f"{code(cell.column)} {left} → {right}"
    return f"{code(cell.column)} {right if cell.right is not None else left}"


def _way(left: int, right: int) -> str:
    return _words(f"{left:,}", f"{right:,}")


def _words(left: str, right: str) -> str:
    return left if left == right else f"{left} → {right}"

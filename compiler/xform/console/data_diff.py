"""What two environments show, compared row by row: the worst first.

~ marts.owners
    rows    2 → 3: 1 equal, 1 changed, 1 added
    key     id (grain), unique in both
    column  type               equal  differ  NULL      distinct
    name    varchar              50%       1  0% → 33%     2 → 2
    age   + integer
    ~ id 2: name bob → bea
    + id 3: name NULL
from prod to dev: 1 of 3 assets differs
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xform.checks.table_diff import (
    Cell,
    ColumnDiff,
    DataDiff,
    Example,
    KeyDiff,
    Repeats,
    RowsDiff,
    TableDiff,
    share_text,
)
from xform.console.cells import cut_middle, pad, width
from xform.console.terminal import Surface
from xform.console.text import Fragment, Line, Style, dim, line, strong, wrap
from xform.console.words import count, listing

_MOST_COLUMNS = 20
_MOST_NAMES = 8
_WIDEST_NAME = 32
_WIDEST_TYPE = 40
_HEAD = ("column", "type", "equal", "differ", "NULL", "distinct")
_FIGURES = (2, 3)
"""Of these, the ones at whose right ends the digits stand."""
_INDENT = "    "

_MARKS = {
    "changed": Fragment("~ ", Style.CHANGED),
    "added": Fragment("+ ", Style.GOOD),
    "removed": Fragment("- ", Style.ERROR),
    "same": Fragment("= ", Style.DIM),
}


def data_diff_lines(found: DataDiff, surface: Surface) -> list[Line]:
    lines: list[Line] = []
    for table in found.tables:
        if table.differs:
            lines += _table_lines(table, found, surface)
    same = [table for table in found.tables if not table.differs]
    for text, tables in (
        ("the same build", [table for table in same if table.same_build]),
        ("the same rows", [table for table in same if not table.same_build]),
    ):
        if tables:
            names = listing((table.asset for table in tables), _MOST_NAMES)
            head = line(_MARKS["same"], f"{count(len(tables), 'asset')} with {text}: ", dim(names))
            lines += wrap(head, surface.width, hang=2)
            lines += [
                line(_INDENT, f"{table.asset}: ", _sample_text(table))
                for table in tables
                if table.sample is not None
            ]
    number = sum(table.differs for table in found.tables)
    differ = "differs" if number == 1 else "differ"
    total = count(len(found.tables), "asset")
    lines.append(line(dim(f"from {found.left} to {found.right}: {number:,} of {total} {differ}")))
    return lines


def _table_lines(table: TableDiff, found: DataDiff, surface: Surface) -> Iterator[Line]:
    if table.problem:
        yield line(Fragment("! ", Style.ERROR), strong(table.asset), "  could not be compared")
        return
    where = {"added": f"only in {found.right}", "removed": f"only in {found.left}"}
    told = f"  {where[table.change]}" if table.change in where else ""
    yield line(_MARKS[table.change], strong(table.asset), told)
    if table.rows is None:
        return
    facts = [("rows", _rows_text(table.rows, surface))]
    facts.append(("key", _key_text(table.key, found) if table.key else _NO_KEY))
    if table.sample is not None:
        facts.append(("sample", _sample_text(table)))
    room = max(len(label) for label, _ in facts)
    for label, text in facts:
        content = line(_INDENT, dim(pad(label, room)), "  ", text)
        yield from wrap(content, surface.width, hang=len(_INDENT) + room + 2)
    yield from _column_lines(table, surface)
    for example in table.examples:
        yield from _example_lines(example, surface)


_NO_KEY = "none known: rows are compared as a whole (--key names one)"


def _rows_text(rows: RowsDiff, surface: Surface) -> str:
    parts = [f"{rows.equal:,} equal"]
    parts += [
        f"{number:,} {what}"
        for number, what in (
            (rows.changed, "changed"),
            (rows.added, "added"),
            (rows.removed, "removed"),
        )
        if number
    ]
    return f"{_way(f'{rows.left:,}', f'{rows.right:,}', surface)}: {', '.join(parts)}"


def _key_text(key: KeyDiff, found: DataDiff) -> str:
    sources = {"option": "--key", "unique": "unique test"}
    text = f"{', '.join(key.columns)} ({sources.get(key.source, key.source)})"
    sides = [(found.left, key.left), (found.right, key.right)]
    told = [f"{name} {_repeats_text(side)}" for name, side in sides if side.keys]
    if told:
        text += f", not unique: {' and '.join(told)}; these rows are compared as a whole"
    else:
        text += ", unique in both"
    nulls = [f"{name} {count(side.nulls, 'row')}" for name, side in sides if side.nulls]
    return f"{text}; NULL in it: {' and '.join(nulls)}" if nulls else text


def _repeats_text(side: Repeats) -> str:
    return f"has {count(side.keys, 'key')} in {count(side.rows, 'row')}"


def _sample_text(table: TableDiff) -> str:
    assert table.sample is not None
    assert table.rows is not None
    of = "keys" if table.key else "rows"
    rows = f"{table.rows.left_compared:,} and {count(table.rows.right_compared, 'row')}"
    return (
        f"{100 * table.sample:.6g}% of the {of} by their hash: {rows} compared, to which these "
        "numbers refer (--sample 1 compares all)"
    )


# Columns -----------------------------------------------------------------------------------------


def _column_lines(table: TableDiff, surface: Surface) -> Iterator[Line]:
    assert table.rows is not None
    told = [column for column in table.columns if _is_told(column)]
    told.sort(key=lambda column: (not _breaks(column), -(column.differing or 0)))
    shown = told[:_MOST_COLUMNS]
    if shown:
        rows = [_column_cells(column, table, surface) for column in shown]
        sizes = [max(map(width, cells)) for cells in zip(_HEAD, *rows, strict=True)]
        sizes[0] = min(sizes[0], _WIDEST_NAME)
        yield line(dim(_columns_row(_HEAD, sizes, surface).text))
        for cells in rows:
            yield _columns_row(cells, sizes, surface)
    notes = [_note(column) for column in shown]
    for note in filter(None, notes):
        yield from wrap(line(_INDENT, dim(note)), surface.width, hang=len(_INDENT) + 2)
    if len(told) > len(shown):
        rest = listing((column.name for column in told[_MOST_COLUMNS:]), _MOST_NAMES)
        text = f"{count(len(told) - len(shown), 'more column')}: {rest}"
        yield from wrap(line(_INDENT, dim(text)), surface.width, hang=len(_INDENT) + 2)


def _is_told(column: ColumnDiff) -> bool:
    """Also where there are NULLs on one side alone."""
    return (
        column.reshaped
        or bool(column.differing)
        or bool(column.left_nulls) != bool(column.right_nulls)
    )


def _breaks(column: ColumnDiff) -> bool:
    return column.right_type is None or column.retyped


def _column_cells(column: ColumnDiff, table: TableDiff, surface: Surface) -> tuple[str, ...]:
    assert table.rows is not None
    left, right = ((kind or "").lower() for kind in (column.left_type, column.right_type))
    if column.left_type is None:
        kind = f"+ {right}"
    elif column.right_type is None:
        kind = f"- {left}"
    else:
        kind = _way(left, right, surface)
    kind = cut_middle(kind, _WIDEST_TYPE, surface.symbols.ellipsis)
    equal = differ = ""
    if column.differing is not None:
        equal = share_text(table.rows.paired - column.differing, table.rows.paired)
        differ = f"{column.differing:,}"
    nulls = distinct = ""
    if column.left_nulls is not None and column.right_nulls is not None:
        nulls = _way(
            share_text(column.left_nulls, table.rows.left_compared),
            share_text(column.right_nulls, table.rows.right_compared),
            surface,
        )
        about = "" if table.distinct_exact else "~"
        distinct = _way(
            f"{about}{column.left_distinct:,}", f"{about}{column.right_distinct:,}", surface
        )
    return column.name, kind, equal, differ, nulls, distinct


def _columns_row(cells: Sequence[str], sizes: Sequence[int], surface: Surface) -> Line:
    parts = []
    for at, (cell, size) in enumerate(zip(cells, sizes, strict=True)):
        text = cut_middle(cell, size, surface.symbols.ellipsis)
        parts.append(pad(text, size, right=at in _FIGURES))
    return line(_INDENT, "  ".join(parts))


def _note(column: ColumnDiff) -> str:
    told = []
    if column.moved:
        told.append("stands elsewhere among the columns")
    if column.compared_as is not None:
        kind = column.compared_as.lower()
        told.append("compared as text" if kind == "varchar" else f"compared as {kind}")
    return f"{column.name}: {'; '.join(told)}" if told else ""


# Rows --------------------------------------------------------------------------------------------


def _example_lines(example: Example, surface: Surface) -> list[Line]:
    changed = example.kind == "changed"
    cells = [_cell_text(cell, surface, both=changed) for cell in example.cells]
    if example.more:
        cells.append(f"{surface.symbols.ellipsis} {count(example.more, 'more column')}")
    if changed and not cells:
        cells = ["differs in columns that are not shown"]
    key = ", ".join(_cell_text(cell, surface, both=False) for cell in example.key)
    copies = f"{example.copies:,} times " if example.copies > 1 else ""
    between = ": " if key and cells else ""
    text = line(_INDENT, _MARKS[example.kind], copies, strong(key), f"{between}{', '.join(cells)}")
    return wrap(text, surface.width, hang=len(_INDENT) + 4)


def _cell_text(cell: Cell, surface: Surface, *, both: bool) -> str:
    left, right = ("NULL" if text is None else text for text in (cell.left, cell.right))
    if both:
        return f"{cell.column} {left} {surface.symbols.right} {right}"
    return f"{cell.column} {right if cell.right is not None else left}"


def _way(left: str, right: str, surface: Surface) -> str:
    return left if left == right else f"{left} {surface.symbols.right} {right}"

"""What became of a change where it was built, for people: what went wrong, then the rows.

Built in pr_7: 1 of 3 assets did not come through; 12 tests passed, 1 failed
  ! marts.orders  did not pass: order_id is not unique: 2 rows
  ! marts.daily   was not built: marts.orders failed

Rows
~ marts.regions
    rows    2 → 3: 1 equal, 1 changed, 1 added
"""

from __future__ import annotations

from collections.abc import Iterator

from xform.app.environments.preview import Preview, asset_words, other_tests, outcome_words
from xform.app.environments.previews import Dropped
from xform.console.data_diff import data_diff_lines
from xform.console.terminal import Surface
from xform.console.text import EMPTY, Fragment, Line, Style, dim, line, strong, wrap
from xform.console.words import count, listing

_MOST = 8


def preview_lines(preview: Preview, surface: Surface) -> list[Line]:
    style = Style.ERROR if preview.failed else Style.GOOD
    where = f"Built in {preview.environment}" if preview.built else "Not built"
    lines = [
        EMPTY,
        *wrap(line(Fragment(where, style), f": {outcome_words(preview)}"), surface.width),
    ]
    for content in _wrong(preview):
        lines += wrap(content, surface.width, 4)
    if preview.built and preview.problem:
        lines += wrap(line("  ", preview.problem), surface.width, 4)
    if preview.not_of_base:
        lines += wrap(_not_of_base(preview), surface.width, 4)
    if preview.tables:
        lines += [EMPTY, line(strong("Rows")), *data_diff_lines(preview.data, surface)]
    return lines


def _wrong(preview: Preview) -> Iterator[Line]:
    mark = Fragment("  ! ", Style.ERROR)
    for item in preview.went_wrong:
        yield line(mark, strong(item.asset), f"  {asset_words(item)}", dim(f"  {item.path}"))
    for test in other_tests(preview):
        warns = test.status == "warn"
        yield line(
            Fragment("  ! ", Style.WARNING) if warns else mark,
            strong(test.asset),
            f"  test {'warns' if warns else 'failed'}: {test.message or test.test}",
        )


def _not_of_base(preview: Preview) -> Line:
    told = listing((f"{item.asset} ({item.why})" for item in preview.not_of_base), _MOST)
    return line(
        f"  {preview.base} is not what the base makes: {told}; where these differ, or what reads "
        "them, it need not be the change"
    )


def dropped_lines(dropped: Dropped) -> list[Line]:
    if not dropped.existed:
        return [line(strong(dropped.environment), " is not there: nothing to drop")]
    told = f": {count(len(dropped.dropped), 'name')} dropped"
    if dropped.left:
        told += f"; {count(dropped.left, 'build')} that nothing else shows are left to xform gc"
    return [line(strong(dropped.environment), told)]

"""What is written of the rows of a change, whatever the rows hold."""

from __future__ import annotations

from msgspec.structs import replace

from xform.app.environments.preview import (
    Preview,
    PreviewAsset,
    PreviewTest,
    other_tests,
    outcome_words,
)
from xform.base.names import AssetName
from xform.checks.table_diff import (
    Cell,
    ColumnDiff,
    Example,
    KeyDiff,
    Repeats,
    RowsDiff,
    TableDiff,
)
from xform.ci.data import preview_blocks, table_text

A, B = AssetName("marts.a"), AssetName("marts.b")
HOSTILE = "`|</details>\n@everyone [x](javascript:y)"
NONE = Repeats(0, 0, 0)
TABLE = TableDiff(
    A,
    "changed",
    "a_1",
    "a_2",
    columns=(
        ColumnDiff("id", "BIGINT", "BIGINT", key=True, left_nulls=0, right_nulls=0,
                   left_distinct=2, right_distinct=2),
        ColumnDiff("x", "ENUM('a|b')", "VARCHAR", differing=1, left_nulls=0, right_nulls=1,
                   left_distinct=2, right_distinct=1),
    ),
    rows=RowsDiff(2, 2, 2, 2, 2, 1, 1, 0, 0),
    key=KeyDiff(("id",), "grain", NONE, NONE),
    examples=(Example("changed", (Cell("id", "1", "1"),), (Cell("x", HOSTILE, None),)),),
)  # fmt: skip


def told(preview: Preview) -> str:
    return "\n\n".join(preview_blocks(preview))


def preview(*tables: TableDiff) -> Preview:
    return Preview("pr_7", "prod", (PreviewAsset(A, "models/a.sql", "success"),), tables=tables)


def test_values_are_code_whatever_they_hold() -> None:
    text = told(preview(TABLE))

    assert r"`x` `` `\|</details> @everyone [x](javascript:y) `` → NULL" in text
    assert r"| `x` | `enum('a\|b') → varchar` | 50% | 0% → 50% | 2 → 1 |" in text
    assert text.count("</details>") == 2  # that of the value, and the end of what is folded


def test_messages_show_nothing_and_call_nobody() -> None:
    wrong = PreviewAsset(A, "models/a.sql", "error", HOSTILE)

    text = told(replace(preview(), assets=(wrong,)))

    assert r"\</details\>" in text
    assert "@everyone" not in text


def test_a_key_that_is_lost_is_told_first() -> None:
    lost = replace(TABLE, asset=B, key=KeyDiff(("id",), "grain", NONE, Repeats(1, 2, 0)))

    row = next(line for line in told(preview(lost)).splitlines() if line.startswith("| **marts"))

    assert "| 🔴 `id`, in pr_7 1 key in 2 rows |" in row
    assert "in pr_7 1 key in 2 rows" in table_text(preview(lost), B)
    assert table_text(preview(), B) == ""


def test_what_is_long_is_folded_and_what_is_too_long_left_to_diff() -> None:
    wide = replace(TABLE, examples=TABLE.examples * 60)
    many = [replace(wide, asset=AssetName(f"marts.t{number}")) for number in range(30)]

    text = told(preview(*many))

    first, _, folded = text.partition("<details>")
    assert first.count("| **marts.") == 8
    assert "<summary>22 more tables differ</summary>" in folded
    assert "more tables: `xform diff prod pr_7`" in folded
    assert len(text) < 40_000


def test_a_sample_is_said_to_be_one_at_every_number() -> None:
    text = told(preview(replace(TABLE, sample=0.01, distinct_exact=False)))

    assert "| 2 | 1 (of 1%) |" in text
    assert "A sample: 1% of the keys, by their hash; 2 and 2 rows were compared" in text
    assert "~2 → ~1" in text


def test_tests_that_kept_an_asset_are_told_with_it() -> None:
    failed = PreviewTest(A, "unique_a", "fail", 2, "id is repeated: 2 rows")
    found = Preview(
        "pr_7",
        "prod",
        (
            PreviewAsset(A, "models/a.sql", "fail", "id is repeated: 2 rows"),
            PreviewAsset(B, "models/b.sql", "skipped", "marts.a failed"),
        ),
        (failed, PreviewTest(B, "range_b", "warn", 1, "x is below 0: 1 row")),
        3,
    )

    assert [test.test for test in other_tests(found)] == ["range_b"]
    assert outcome_words(found) == (
        "2 of 2 assets did not come through; 3 tests passed, 1 failed, 1 warned"
    )
    assert told(found).splitlines()[2:] == [
        "- **marts.a** did not pass: id is repeated: 2 rows (`models/a.sql`)",
        "- **marts.b** was not built: marts.a failed (`models/b.sql`)",
        "- **marts.b** test warns: x is below 0: 1 row",
    ]

"""`why` as text, and the explanation that it draws."""

from __future__ import annotations

from textwrap import dedent

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.console.paint import plain
from xform.console.terminal import Surface
from xform.console.why import explanation_lines
from xform.plan.explanation import (
    BuildFacts,
    Difference,
    Explanation,
    InputChange,
    InputVersion,
    differences,
    versions,
)
from xform.plan.plan import Component, Reason, ReasonKind

OLD, NEW = Digest("0" * 32), Digest("1" * 32)
BUILD = BuildFacts("_xform.marts__days__3f2a_1", OLD, "2026-07-01T09:30:12.345Z", 0.31, 90)


def explanation(
    *found: Difference,
    reasons: tuple[Reason, ...] = (),
    leaves: tuple[InputVersion, ...] = (),
    build: BuildFacts | None = BUILD,
) -> Explanation:
    return Explanation(
        asset=AssetName("marts.days"),
        environment="prod",
        kind="table",
        path="models/marts/days.sql",
        fresh=not reasons,
        fingerprint=NEW,
        reasons=reasons,
        differences=found,
        versions=leaves,
        build=build,
    )


def shown(of: Explanation, width: int = 80, *, explain: bool = False) -> str:
    rows = explanation_lines(of, Surface(width=width), explain=explain)
    return "\n".join(map(plain, rows)) + "\n"


def expected(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_fresh() -> None:
    leaves = versions({"raw.flights": "a" * 40, "raw.air": "b" * 40}, {})
    assert shown(explanation(leaves=leaves)) == expected("""
        marts.days is fresh  (environment prod)

        file         models/marts/days.sql  (table)
        built        2026-07-01 09:30:12 UTC in 0.31s, 90 rows
        as           _xform.marts__days__3f2a_1
        reads        raw.air      bbbbbbbbbbbb
                     raw.flights  aaaaaaaaaaaa
        fingerprint  11111111111111111111111111111111
    """)


def test_stale_by_code_shows_the_part_that_differs() -> None:
    changed = Difference("column rate", "avg(cancelled)", "avg(coalesce(cancelled, 0))")
    where = Difference("rows", "from f\nwhere a > 1\nlimit 1", "from f\nwhere a > 2\nlimit 1")
    reason = Reason(ReasonKind.CODE, "column rate changed", ("rate",))
    assert shown(explanation(changed, where, reasons=(reason,))) == expected("""
        marts.days is stale  (environment prod)
          code: column rate changed

        column rate
          - avg(cancelled)
                ^^^^^^^^^
          + avg(coalesce(cancelled, 0))
                ^^^^^^^^^^^^^^^^^^^^^^

        rows
            from f
          - where a > 1
          + where a > 2
            limit 1

        file         models/marts/days.sql  (table)
        built        2026-07-01 09:30:12 UTC in 0.31s, 90 rows
        as           _xform.marts__days__3f2a_1
        fingerprint  11111111111111111111111111111111
    """)


def test_stale_by_what_is_read() -> None:
    inputs = (
        InputChange("staging.f.a", Digest("a" * 32), Digest("b" * 32)),
        InputChange("staging.f.b", None, Digest("b" * 32)),
        InputChange("staging.f.c", Digest("b" * 32), None),
    )
    text = shown(explanation(Difference("column rate", "avg(a)", "avg(a)", inputs)))
    assert text.split("\n\n")[1] == dedent("""\
        column rate  says the same; what it reads changed
          ~ reads staging.f.a  aaaaaaaa → bbbbbbbb
          + reads staging.f.b
          - reads staging.f.c""")


def test_components_that_only_rest_on_others_are_named_together() -> None:
    own = Difference("from", "t", "t", (InputChange("s.t", OLD, NEW),))
    follow = [Difference(f"column {name}", name, name) for name in "abcdefgh"]
    text = shown(explanation(own, *follow))
    assert text.split("\n\n")[2] == (
        "with the same text, but resting on these: column a, column b, column c, column\n"
        "  d, column e, column f and 2 more"
    )
    assert "column h\n" in shown(explanation(own, *follow), explain=True)
    assert "\ndiffer: column a\n" in shown(explanation(follow[0]))


def test_stale_by_data_shows_the_changed_version_first() -> None:
    leaves = versions({"a.same": "1" * 12, "b.other": "2" * 12}, {"b.other": "3" * 12})
    text = shown(explanation(leaves=leaves))
    assert "reads        b.other  222222222222 → 333333333333  changed\n" in text
    assert text.index("b.other") < text.index("a.same")


def test_never_built() -> None:
    assert "built        never\n" in shown(explanation(build=None))


def test_a_long_expression_is_cut_to_where_it_differs() -> None:
    old = "case " + " ".join(f"when a = {at} then {at}" for at in range(40))
    text = shown(explanation(Difference("column c", old, old.replace("then 20", "then 99"))))
    removed, marks = text.split("\n\n")[1].split("\n")[1:3]
    assert len(removed) <= 80
    assert removed[marks.index("^") :].startswith("20 when a = 21")


def test_beyond_a_few_differences_names_are_enough_until_all_are_asked_for() -> None:
    many = [Difference(f"column c{at}", None, "1") for at in range(5)]
    assert "\n… and 2 more differences: column c3, column c4\n" in shown(explanation(*many))
    assert "\ncolumn c4  added\n  + 1\n" in shown(explanation(*many), explain=True)


def test_differences_tell_text_from_inputs_and_what_came_and_went() -> None:
    def part(name: str, digest: Digest, text: str, **inputs: Digest) -> Component:
        return Component(name, digest, text, inputs)

    old = (
        part("a", OLD, "1"),
        part("b", OLD, "x", up=OLD),
        part("c", OLD, "1"),
        part("d", OLD, "1"),
    )
    new = (
        part("e", NEW, "5"),
        part("a", OLD, "1"),
        part("b", NEW, "x", up=NEW),
        part("c", NEW, "2"),
    )
    assert differences(old, new) == (
        Difference("e", None, "5"),
        Difference("b", "x", "x", (InputChange("up", OLD, NEW),)),
        Difference("c", "1", "2"),
        Difference("d", "1", None),
    )


def test_an_explanation_survives_json() -> None:
    of = explanation(Difference("column c", None, "1"), reasons=(Reason(ReasonKind.NEW, ""),))
    assert msgspec.json.decode(msgspec.json.encode(of), type=Explanation) == of


def test_a_version_that_was_not_looked_up_is_not_a_change() -> None:
    looked_up, not_looked_up, new = versions({"a": "1", "b": "2"}, {"a": "1", "c": "3"})
    assert [leaf.changed for leaf in (looked_up, not_looked_up, new)] == [False, False, True]

"""What differs between a build and the project, part by part."""

from __future__ import annotations

from xform.base.hashing import Digest, digest_text
from xform.fingerprint.component import Component
from xform.plan.explanation import InputChange, differences, versions

OLD, NEW = digest_text("old"), digest_text("new")


def part(name: str, text: str, **inputs: Digest) -> Component:
    told = "".join(f"{key}{value}" for key, value in inputs.items())
    return Component(name, digest_text(text + told), text, inputs)


def test_equal_parts_do_not_differ() -> None:
    parts = (part("column a", "x + 1", x=OLD), part("rows", "from t"))
    assert differences(parts, parts) == ()


def test_a_changed_text_shows_both() -> None:
    (found,) = differences((part("column a", "x + 1"),), (part("column a", "x + 2"),))
    assert (found.component, found.old, found.new) == ("column a", "x + 1", "x + 2")
    assert found.text_changed


def test_a_moved_input_shows_which() -> None:
    (found,) = differences(
        (part("column a", "x + y", x=OLD, y=OLD),), (part("column a", "x + y", x=NEW, y=OLD),)
    )
    assert not found.text_changed
    assert found.inputs == (InputChange("x", OLD, NEW),)


def test_inputs_come_and_go() -> None:
    (found,) = differences((part("rows", "t", x=OLD),), (part("rows", "t", y=NEW),))
    assert found.inputs == (InputChange("x", OLD, None), InputChange("y", None, NEW))


def test_what_is_new_comes_in_order_and_what_went_away_last() -> None:
    old = (part("column gone", "1"), part("column a", "1"))
    new = (part("column b", "1"), part("column a", "2"))
    found = [(item.component, item.old, item.new) for item in differences(old, new)]
    assert found == [
        ("column b", None, "1"),
        ("column a", "1", "2"),
        ("column gone", "1", None),
    ]


def test_versions_of_both_sides_by_name() -> None:
    found = {item.leaf: item for item in versions({"s": "1", "t": "1"}, {"s": "2", "u": "1"})}
    assert list(found) == ["s", "t", "u"]
    assert found["s"].changed
    assert not found["t"].changed, "it was not looked up"
    assert found["u"].changed, "the build has none"

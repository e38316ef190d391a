"""What became of a change where it was built: in an environment of its own, compared with the one
that it would be merged into. Pure data; the same build gives the same, whenever it was made.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.checks.table_diff import DataDiff, TableDiff

Status: TypeAlias = Literal["error", "fail", "skipped", "success"]

STATUSES: tuple[Status, ...] = ("error", "fail", "skipped", "success")
"""The gravest first: it could not be built, a blocking test failed, it reads one of these."""


class PreviewAsset(msgspec.Struct, frozen=True):
    """An asset that the change reaches. `why` says what went wrong; `rows` counts those that the
    environment shows, where that is known. What went wrong shows what it showed before."""

    asset: AssetName
    path: str
    status: Status
    why: str = ""
    rows: int | None = None


class PreviewTest(msgspec.Struct, frozen=True):
    """A test that did not pass. `status` is fail, error (it could not be run) or warn; `failures`
    counts bad rows, where it counts any."""

    asset: AssetName
    test: str
    status: str
    failures: int | None
    message: str


class NotOfBase(msgspec.Struct, frozen=True):
    """An asset of which the environment compared with shows something else than the base makes:
    `why` in the words of a plan. Where a table that reads it differs, it may be because of that."""

    asset: AssetName
    why: str


class Preview(msgspec.Struct, frozen=True):
    """`base` is the environment compared with. `assets` are those that the change reaches, and
    `tests` those of theirs that did not pass, the worst first; `passed` counts the others. `tables`
    tell how rows differ, the worst first. `expires` are the seconds after its last publishing at
    which the environment is let go. `problem` says why nothing was built, or nothing compared.
    `built` is false where nothing was."""

    environment: str
    base: str
    assets: tuple[PreviewAsset, ...] = ()
    tests: tuple[PreviewTest, ...] = ()
    passed: int = 0
    tables: tuple[TableDiff, ...] = ()
    not_of_base: tuple[NotOfBase, ...] = ()
    expires: float | None = None
    problem: str = ""
    built: bool = True
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a model or a test failed, or could not be built at all. Tests that only warn did
        not."""
        return (
            not self.built
            or any(item.status != "success" for item in self.assets)
            or any(item.status in ("fail", "error") for item in self.tests)
        )

    @property
    def went_wrong(self) -> tuple[PreviewAsset, ...]:
        return tuple(item for item in self.assets if item.status != "success")

    @property
    def data(self) -> DataDiff:
        return DataDiff(self.base, self.environment, self.tables)

    def reason_of(self, asset: AssetName) -> str:
        """Why an asset differs from the base environment for another reason than the change."""
        return next((item.why for item in self.not_of_base if item.asset == asset), "")


def outcome_words(preview: Preview) -> str:
    """What came of it: `3 of 7 assets did not come through; 14 tests passed, 1 failed`."""
    if not preview.built:
        return preview.problem
    if not preview.assets:
        return f"it shows what {preview.base} does: the change reaches nothing that is built"
    wrong = len(preview.went_wrong)
    assets = f"{len(preview.assets):,} {'asset' if len(preview.assets) == 1 else 'assets'}"
    told = f"{wrong:,} of {assets} did not come through" if wrong else f"{assets} came through"
    numbers = [
        (preview.passed, "passed"),
        (sum(item.status in ("fail", "error") for item in preview.tests), "failed"),
        (sum(item.status == "warn" for item in preview.tests), "warned"),
    ]
    tests = [f"{number:,} {what}" for number, what in numbers if number]
    if not tests:
        return told
    first = numbers[0][0] or numbers[1][0] or numbers[2][0]
    noun = "test" if first == 1 else "tests"
    head, _, rest = tests[0].partition(" ")
    return f"{told}; {', '.join([f'{head} {noun} {rest}', *tests[1:]])}"


def asset_words(item: PreviewAsset) -> str:
    """What went wrong with an asset."""
    match item.status:
        case "error":
            return f"could not be built: {item.why}"
        case "fail":
            return f"did not pass: {item.why}"
        case "skipped":
            return f"was not built: {item.why}"
        case _:
            return "came through"


def other_tests(preview: Preview) -> tuple[PreviewTest, ...]:
    """Tests that did not pass and kept nothing from being built: the others are told with what they
    kept."""
    kept = {item.asset for item in preview.assets if item.status == "fail"}
    return tuple(item for item in preview.tests if item.status == "warn" or item.asset not in kept)

"""The end of a run: what was built and published, what was slow, what failed, what is next."""

from __future__ import annotations

from xform.base.names import AssetName
from xform.console.cells import cut_middle, pad, width
from xform.console.run_view import RunView, finding
from xform.console.terminal import Surface
from xform.console.text import EMPTY, Fragment, Line, Style, dim, line, strong, wrap
from xform.console.words import count, duration, listing
from xform.run.events import RunEnd

_SLOWEST = 5
_BAR = 24
_MOST_NAMES = 8

_HEADS = {
    "success": Fragment("done", Style.GOOD),
    "failed": Fragment("failed", Style.ERROR),
    "cancelled": Fragment("cancelled", Style.WARNING),
}


def summary_lines(view: RunView, surface: Surface) -> list[Line]:
    """The summary of a run that has ended; nothing before."""
    if view.end is None:
        return []
    lines = [_headline(view, view.end, surface)]
    sections = (
        ("slowest", _slowest(view, surface)),
        ("warnings", _warnings(view, surface)),
        ("failed", _failures(view, surface)),
        ("skipped", _other_skips(view, surface)),
        ("not done", _not_done(view, surface)),
    )
    for title, section in sections:
        if section:
            lines += [EMPTY, line(strong(title)), *section]
    closing = [*_publications(view, view.end), *_next(view, view.end)]
    if closing:
        lines.append(EMPTY)
        for content in closing:
            lines += wrap(content, surface.width, hang=2)
    return lines


def _headline(view: RunView, end: RunEnd, surface: Surface) -> Line:
    """`done: 18 built · 42 tests passed · 1 warning · 4.20s  (environment prod)`."""
    passed = sum(check.status == "pass" for check in view.checks)
    parts = []
    if (end.built or view.nodes) and not view.only_tests:
        parts.append(f"{end.built:,} built")
        if end.kept:
            parts.append(f"{end.kept:,} kept, reading what came out as before")
    elif not view.checks:
        idle = end.status == "success" and not view.published
        parts.append(f"0 models run{', everything is up to date' if idle else ''}")
    if passed:
        same = sum(check.unchanged and check.status == "pass" for check in view.checks)
        known = f" ({same:,} unchanged)" if same else ""
        parts.append(f"{count(passed, 'test')} passed{known}")
    borne = {check.asset for check in view.failed_checks if view.stands(check.asset)}
    if end.failed or borne:
        parts.append(f"{end.failed + len(borne):,} failed")
    if end.skipped and not view.cancelled:
        parts.append(f"{end.skipped:,} skipped")
    if view.cancelled and view.not_done:
        parts.append(f"{len(view.not_done):,} not done")
    if end.warned:
        parts.append(count(end.warned, "warning"))
    parts.append(duration(end.seconds))
    return line(
        _HEADS.get(end.status, strong(end.status)),
        strong(f": {f' {surface.symbols.dot} '.join(parts)}"),
        dim(f"  (environment {view.environment})") if view.environment else "",
    )


def _slowest(view: RunView, surface: Surface) -> list[Line]:
    built = sorted(view.built, key=lambda node: (-node.seconds, node.asset))[:_SLOWEST]
    if len(built) < 2 or not built[0].seconds:
        return []
    names = _names_width([node.asset for node in built], surface)
    times = [duration(node.seconds) for node in built]
    figures = max(len(time) for time in times)
    room = min(_BAR, surface.width - names - figures - 6)
    lines = []
    for node, time in zip(built, times, strict=True):
        cells = max(round(room * node.seconds / built[0].seconds), 1) if room > 3 else 0
        bar = f"  {surface.symbols.bar * cells}" if cells else ""
        name = _name(node.asset, names, surface)
        lines.append(line(f"  {name}  {time:>{figures}}", Fragment(bar, Style.DATA)))
    return lines


def _warnings(view: RunView, surface: Surface) -> list[Line]:
    found = [check for check in view.checks if check.status == "warn"]
    names = _names_width([check.asset for check in found], surface)
    return [
        content
        for check in found
        for content in wrap(
            line(f"  {_name(check.asset, names, surface)}  {finding(check)}"),
            surface.width,
            hang=4,
        )
    ]


def _failures(view: RunView, surface: Surface) -> list[Line]:
    skips = view.skips_by_failure()
    lines: list[Line] = []
    for asset in view.failed:
        lines.append(line("  ", Fragment(asset, Style.ERROR)))
        said = []
        node = view.done.get(asset)
        if node is not None and node.status == "error" and node.message:
            said.append(node.message.split("\n")[0])
        said += [finding(check) for check in view.failed_checks if check.asset == asset]
        if not said and node is not None:
            said = node.message.split("\n")[:1] if node.message else []
        if skips.get(asset):
            said.append(f"skipped because of it: {listing(skips[asset], _MOST_NAMES)}")
        for text in said:
            lines += wrap(line("    ", text), surface.width, hang=6)
    return lines


def _other_skips(view: RunView, surface: Surface) -> list[Line]:
    if view.cancelled:
        return []
    caused = {asset for assets in view.skips_by_failure().values() for asset in assets}
    assets = [asset for asset in view.skipped if asset not in caused]
    names = _names_width(assets, surface)
    return [
        content
        for asset in assets
        for content in wrap(
            line(f"  {_name(asset, names, surface)}  {view.skipped[asset].reason}"),
            surface.width,
            hang=4,
        )
    ]


def _not_done(view: RunView, surface: Surface) -> list[Line]:
    if not view.cancelled:
        return []
    stopped = [asset for asset in view.not_done if asset in view.done]
    waiting = [asset for asset in view.not_done if asset not in view.done]
    rows = (("stopped", stopped), ("not started", waiting))
    return [
        content
        for label, assets in rows
        if assets
        for content in wrap(
            line("  ", dim(pad(label, 13)), listing(assets, _MOST_NAMES)),
            surface.width,
            hang=15,
        )
    ]


def _publications(view: RunView, end: RunEnd) -> list[Line]:
    assets = [asset for event in view.published for asset in event.assets]
    dropped = [asset for event in view.published for asset in event.dropped]
    lines = []
    if assets:
        what = f"{count(len(assets), 'name')} in {view.environment}"
        lines.append(line(f"published {what}: {listing(assets, _MOST_NAMES)}"))
    if dropped:
        what = f"{count(len(dropped), 'name')} from {view.environment}"
        lines.append(line(f"dropped {what}: {listing(dropped, _MOST_NAMES)}"))
    idle = not view.published and not view.only_tests
    if idle and end.status != "success" and view.nodes:
        lines.append(line(f"nothing was published: {view.environment} shows what it did before"))
    return lines


def _next(view: RunView, end: RunEnd) -> list[Line]:
    match end.status:
        case "failed" if view.failed:
            broken = listing(view.failed, 3)
            command = (
                "xform build  (what is built stays built)"
                if view.nodes and not view.only_tests
                else "xform test"
            )
            text = f"mend {broken}, then: {command}"
        case "cancelled":
            text = "xform build goes on from here  (what is built stays built)"
        case "success" if view.built:
            text = f"xform show {view.built[-1].asset}"
        case _:
            return []
    return [line(Fragment("next", Style.NOTE), f": {text}")]


def _names_width(assets: list[AssetName], surface: Surface) -> int:
    longest = max((width(asset) for asset in assets), default=0)
    return min(longest, max(surface.width // 2, 16))


def _name(asset: AssetName, cells: int, surface: Surface) -> str:
    return pad(cut_middle(asset, cells, surface.symbols.ellipsis), cells)

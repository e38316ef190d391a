"""A plan as a file: written with all that it was made from, and carried out only while that holds.

Whether it holds is not guessed from dates or revisions: the plan is made again, and has to come out
the same, step by step. Where it does not, what the file says of its making tells why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from xform import __version__
from xform.app.compiling.hooks import without_values
from xform.app.output.forms import plan_form
from xform.app.planning.environment import Planned
from xform.app.workspace import UserError, Workspace
from xform.base.codes import PLAN_FILE, PLAN_INPUT_MOVED, PLAN_PROJECT_MOVED, PLAN_STATE_MOVED
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.hashing import digest_parts
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.plan.plan import NO_HOOKS, AuditStep, BuildStep, DropStep, Hooks, PublishStep, Step
from xform.run.snapshots import StateSnapshot

FORMAT = "xform plan 1"

_STEPS = {BuildStep: "build", AuditStep: "test", PublishStep: "publish", DropStep: "drop"}
_AGAIN = "look at what it would do now, and write it anew: xform plan --out"


class Made(msgspec.Struct, frozen=True):
    """An asset of the project that was planned: its file, its build fingerprint, the digest of its
    tests."""

    path: str
    fingerprint: str
    checks: str = ""


class PlanFile(msgspec.Struct, frozen=True):
    """`selected` is None for everything. `versions` are those of all data that may be read;
    `published` the builds that were shown, `steps` what is to be done, in order."""

    format: str
    xform: str
    target: str
    environment: str
    selected: tuple[AssetName, ...] | None
    full_refresh: bool
    upstream: bool
    plan: dict[str, Any]
    """What `plan --format json` says."""
    project: dict[AssetName, Made]
    versions: dict[str, str]
    published: dict[AssetName, str]
    builds: str
    """Digest of all builds that there were, with the tests that they had passed."""
    warehouse: str
    revision: str
    steps: tuple[dict[str, Any], ...]
    hooks: Hooks = NO_HOOKS
    """Those at both ends of it."""


class Wished(msgspec.Struct, frozen=True):
    """What a plan was asked for."""

    selected: frozenset[AssetName] | None
    full_refresh: bool = False
    upstream: bool = False


def plan_file(workspace: Workspace, planned: Planned, wished: Wished) -> PlanFile:
    """A plan with what it was made from; without secrets."""
    environment = workspace.environment
    declared = planned.paths
    chosen = None if wished.selected is None else tuple(sorted(wished.selected))
    found = PlanFile(
        FORMAT,
        __version__,
        workspace.target.name,
        environment,
        chosen,
        wished.full_refresh,
        wished.upstream,
        plan_form(planned.plan),
        {
            asset.name: Made(declared[asset.name], asset.fingerprint, asset.checks)
            for asset in planned.assets
        },
        dict(planned.versions),
        {name: item.physical for name, item in planned.snapshot.published(environment).items()},
        _builds_digest(planned.snapshot),
        planned.snapshot.identity,
        planned.snapshot.revision,
        tuple(_step_form(step) for step in planned.plan.steps),
        without_values(Hooks(planned.plan.on_start, planned.plan.on_end)),
    )
    return _decoded(_without(msgspec.json.encode(found), workspace.known_secrets))


def write_plan(path: Path, plan: PlanFile) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")


def read_plan(path: Path) -> PlanFile:
    """Raises UserError for what is no plan, OSError."""
    try:
        found = _decoded(path.read_bytes())
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        found = None
    if found is None or found.format != FORMAT:
        raise UserError(
            [
                diagnose(
                    PLAN_FILE,
                    f"'{path.name}' is no plan of this xform",
                    str(path),
                    "write one: xform plan --out",
                )
            ]
        )
    return found


def check_place(plan: PlanFile, path: Path, workspace: Workspace) -> None:
    """Raises UserError where a plan was made for another target or environment."""
    for what, option, planned, here in (
        ("target", "--target", plan.target, workspace.target.name),
        ("environment", "--env", plan.environment, workspace.environment),
    ):
        if planned != here:
            text = f"'{path.name}' is a plan for the {what} '{planned}', not for '{here}'"
            advice = f"build it there: {option} {planned}"
            raise UserError([diagnose(PLAN_FILE, text, str(path), advice)])


def moved_since(then: PlanFile, now: PlanFile, state: Span) -> list[Diagnostic]:
    """Why a plan does not hold any more: one diagnostic, at the file of the first asset in
    question (or of the `state`); none where it would come out the same."""
    if then.steps == now.steps and then.hooks == now.hooks:
        return []
    changed = list(_changed_assets(then.project, now.project))
    if changed:
        first = changed[0]
        made = now.project.get(first) or then.project[first]
        how = "changed"
        if first not in now.project:
            how = "was taken away"
        elif first not in then.project:
            how = "was added"
        return [_moved(PLAN_PROJECT_MOVED, first, how, made.path, changed)]
    read = [leaf for leaf in {**then.versions, **now.versions}
            if then.versions.get(leaf) != now.versions.get(leaf)]  # fmt: skip
    if read:
        name = AssetName(read[0])
        path = now.project[name].path if name in now.project else "profiles.yml"
        return [_moved(PLAN_INPUT_MOVED, name, "has other data", path, read)]
    shown = [name for name in {**then.published, **now.published}
             if then.published.get(name) != now.published.get(name)]  # fmt: skip
    steps = shown or [AssetName(name) for name in _changed_steps(then.steps, now.steps)]
    if not steps:
        text = "the hooks of the project changed since the plan was made"
        return [diagnose(PLAN_PROJECT_MOVED, text, "pyproject.toml", _AGAIN)]
    if shown or then.builds != now.builds:
        place = now.project[steps[0]].path if steps[0] in now.project else state
        return [_moved(PLAN_STATE_MOVED, steps[0], "was built, tested or published", place, steps)]
    at = now.project[steps[0]].path if steps[0] in now.project else "pyproject.toml"
    return [_moved(PLAN_PROJECT_MOVED, steps[0], "has other settings", at, steps)]


def _moved(
    code: Any, first: AssetName, how: str, at: Span | str, names: Sequence[str]
) -> Diagnostic:
    more = f", and {len(names) - 1} more" if len(names) > 1 else ""
    return diagnose(code, f"'{first}' {how} since the plan was made{more}", at, _AGAIN, asset=first)


def _changed_assets(
    then: Mapping[AssetName, Made], now: Mapping[AssetName, Made]
) -> Iterator[AssetName]:
    """What differs, in the order in which it is built: what is first may have changed the rest."""
    for name in {**now, **then}:
        if then.get(name) != now.get(name):
            yield name


def _changed_steps(then: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> Iterator[str]:
    for step in (*now, *then):
        if step not in then or step not in now:
            yield str(step["asset"])


def _builds_digest(snapshot: StateSnapshot) -> str:
    builds = sorted(snapshot.builds.values(), key=lambda build: build.physical)
    return digest_parts(part for build in builds for part in (build.physical, build.audits_digest))


def _step_form(step: Step) -> dict[str, Any]:
    if isinstance(step, BuildStep):
        step = msgspec.structs.replace(step, hooks=without_values(step.hooks))
    form: dict[str, Any] = msgspec.to_builtins(step)
    return {"step": _STEPS[type(step)], **form}


def _without(text: bytes, secrets: Sequence[str]) -> bytes:
    for secret in secrets:
        written = msgspec.json.encode(secret)[1:-1]
        text = text.replace(written, b"***")
    return text


_decoded = msgspec.json.Decoder(PlanFile).decode

"""Environments of pull requests: where a change may be built, and what becomes of that."""

from __future__ import annotations

import msgspec

from xform.app.environments.showing import drop, published_by
from xform.app.planning.planning import PROD
from xform.app.record.reconciling import refreshed
from xform.app.workspace import UserError, Workspace
from xform.base.codes import PREVIEW_ENVIRONMENT, UNTRUSTED_BUILD
from xform.base.diagnostics import diagnose
from xform.base.names import AssetName


class Dropped(msgspec.Struct, frozen=True):
    """What became of an environment: its names that were taken away, and how many builds no other
    environment shows now. `existed` is false where there was nothing to drop."""

    environment: str
    existed: bool
    dropped: tuple[AssetName, ...] = ()
    left: int = 0


def base_environment(workspace: Workspace, named: str | None) -> str:
    """The environment that a change in the workspace's own is compared with. Raises UserError where
    the two are one, the change would be built in prod, or the one that is `named` shows nothing."""
    environment, base = workspace.environment, named or workspace.target.environment
    if environment not in (PROD, base):
        if named is not None:
            published_by(refreshed(workspace), named)
        return base
    what = "prod" if environment == PROD else "the environment that it is compared with"
    raise UserError(
        [
            diagnose(
                PREVIEW_ENVIRONMENT,
                f"a change is never built in {what}: '{environment}'",
                "<command line>",
                "name one of its own: --pr N or --env NAME",
            )
        ]
    )


def refuse_untrusted() -> None:
    """Raises UserError: always."""
    raise UserError(
        [
            diagnose(
                UNTRUSTED_BUILD,
                "a change that may be anybody's is not built: that would run its SQL and its "
                "Python with all that this job may do in the warehouse",
                "<command line>",
                "check it without --build; where somebody has read the change and trusts it, "
                "build it without --untrusted",
            )
        ]
    )


def drop_preview(workspace: Workspace, environment: str) -> Dropped:
    """Take the names of an environment away, if it shows any; gc has its builds when their grace
    is over. Raises UserError, EngineError, StateError."""
    shown = refreshed(workspace).published(environment)
    if not shown:
        return Dropped(environment, existed=False)
    moved = drop(workspace, environment)
    still = {item.physical for item in refreshed(workspace).publications}
    left = {item.physical for item in shown.values()} - still
    return Dropped(environment, existed=True, dropped=moved.dropped, left=len(left))

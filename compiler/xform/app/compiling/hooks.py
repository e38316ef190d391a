"""Hooks: SQL of the user's that runs before and after a model, or at both ends of a run.

They are templates as models are. What they refer to is put in when a plan is made: a model's hooks
see the builds that the model sees, those of a run what is published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from xform.base.codes import HOOK_READS
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.plan.plan import Hooks, HookSql
from xform.project.assets import Asset, Kind
from xform.project.running import Hook, RunHooks
from xform.sema.tables import NameIndex
from xform.template.rendered import PLACEHOLDER, Reference, Rendered

Render = Callable[[Asset | None, str, str], tuple[Rendered | None, list[Diagnostic]]]
"""Renders a text for an asset, or for the project: (asset, path, text)."""


class RenderedHook(msgspec.Struct, frozen=True):
    """`reads` are the assets whose names are to be put into its SQL, by number of placeholder."""

    hook: Hook
    sql: str
    reads: tuple[AssetName, ...] = ()


class AssetHooks(msgspec.Struct, frozen=True):
    """The hooks of an asset, or `on_start` and `on_end` of a run."""

    before: tuple[RenderedHook, ...] = ()
    after: tuple[RenderedHook, ...] = ()

    @property
    def shaping(self) -> str:
        """What of them may change what a build holds: all that runs before. Values from the
        environment, which may be secret, are in it as a digest only."""
        if not self.before:
            return ""
        written = "; ".join(rendered.hook.text for rendered in self.before)
        parts = [part for hook in self.before for part in (hook.sql, *hook.reads)]
        return f" before {written} ({digest_parts(parts)[:12]})"


NONE = AssetHooks()


class HookReader:
    """Renders the hooks of a project. `diagnostics` say what is wrong with them."""

    def __init__(self, render: Render, index: NameIndex) -> None:
        self._render = render
        self._index = index
        self.diagnostics: list[Diagnostic] = []

    def of_asset(self, asset: Asset, depends: tuple[AssetName, ...]) -> AssetHooks:
        """`depends` are the assets that it reads."""
        running = asset.running
        if not running.before and not running.after:
            return NONE
        known = {name for name in depends if self._index.kinds[name] is not Kind.EPHEMERAL}

        def find(reference: Reference) -> AssetName | None:
            name = asset.name if reference.call == "this" else self._find(reference)
            return name if name in known or name == asset.name else None

        advice = f"refer to {{{{ this }}}}, or to what '{asset.name}' reads"
        return AssetHooks(
            self._all(running.before, asset, find, advice),
            self._all(running.after, asset, find, advice),
        )

    def of_run(self, hooks: RunHooks) -> AssetHooks:
        def find(reference: Reference) -> AssetName | None:
            name = None if reference.call == "this" else self._find(reference)
            kind = self._index.kinds[name] if name is not None else Kind.EXPOSURE
            return name if kind in (Kind.TABLE, Kind.VIEW, Kind.SEED) else None

        advice = "refer to a model or seed: its published name is put in"
        return AssetHooks(
            self._all(hooks.on_start, None, find, advice),
            self._all(hooks.on_end, None, find, advice),
        )

    def _find(self, reference: Reference) -> AssetName | None:
        written = ".".join(reference.arguments)
        return self._index.one(written)

    def _all(
        self,
        hooks: tuple[Hook, ...],
        asset: Asset | None,
        find: Callable[[Reference], AssetName | None],
        advice: str,
    ) -> tuple[RenderedHook, ...]:
        found = (self._one(hook, asset, find, advice) for hook in hooks)
        return tuple(hook for hook in found if hook is not None)

    def _one(
        self,
        hook: Hook,
        asset: Asset | None,
        find: Callable[[Reference], AssetName | None],
        advice: str,
    ) -> RenderedHook | None:
        name = asset.name if asset is not None else None
        rendered, found = self._render(asset, hook.span.path, hook.text)
        for item in found:  # their places are within the hook's text, which is a part of a file
            self.diagnostics.append(msgspec.structs.replace(item, span=hook.span, asset=name))
        if rendered is None:
            return None
        reads: list[AssetName] = []
        for reference in rendered.references:
            read = find(reference)
            if read is None:
                arguments = ", ".join(f"'{word}'" for word in reference.arguments)
                called = f"{reference.call}({arguments})"
                whose = f"{name}: a hook" if name is not None else "a hook"
                text = f"{whose} refers to {called}, which it does not see"
                self.diagnostics.append(diagnose(HOOK_READS, text, hook.span, advice, asset=name))
                return None
            reads.append(read)
        return RenderedHook(hook, rendered.text, tuple(reads))


def hooks_to_run(hooks: AssetHooks, names: Mapping[AssetName, str]) -> Hooks:
    """The hooks with the SQL `names` of what they refer to."""
    return Hooks(
        tuple(_to_run(hook, names) for hook in hooks.before),
        tuple(_to_run(hook, names) for hook in hooks.after),
    )


def _to_run(rendered: RenderedHook, names: Mapping[AssetName, str]) -> HookSql:
    sql = rendered.sql
    for number, read in enumerate(rendered.reads):
        sql = sql.replace(PLACEHOLDER.format(number), names[read])
    return HookSql(sql, rendered.hook.text, rendered.hook.span)


def without_values(hooks: Hooks) -> Hooks:
    """The same for a file: what was rendered as a digest, for it may hold a secret."""

    def veiled(hook: HookSql) -> HookSql:
        return msgspec.structs.replace(hook, sql=Digest(digest_parts((hook.sql,))))

    return Hooks(tuple(map(veiled, hooks.before)), tuple(map(veiled, hooks.after)))

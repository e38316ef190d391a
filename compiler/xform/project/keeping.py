"""How long things are kept: environments that expire, and builds that nothing shows any more."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import msgspec

from xform.project.reader import Notes, check_keys, read_mapping
from xform.project.running import read_duration
from xform.project.values import Value

DAY = 86_400.0


PREVIEWS = ("pr_[0-9]*", 14 * DAY)
"""Environments of pull requests, and how long they last where the settings do not say."""


class Keeping(msgspec.Struct, frozen=True):
    """`grace`: seconds for which a build is kept after nothing shows it any more. `expires`: by
    pattern of names, seconds after its last publishing at which an environment is let go."""

    grace: float = 7 * DAY
    expires: tuple[tuple[str, float], ...] = ()

    def expiry(self, environment: str) -> float | None:
        """Of the most specific pattern that the name matches; None where it stays."""
        fitting = [
            (len(re.sub(r"[*?]", "", pattern)), seconds)
            for pattern, seconds in self.expires
            if fnmatchcase(environment, pattern)
        ]
        if fitting:
            return max(fitting)[1]
        pattern, usual = PREVIEWS
        return usual if fnmatchcase(environment, pattern) else None


def read_grace(value: Value, notes: Notes) -> float | None:
    """`gc = {grace = "7d"}`."""
    mapping = read_mapping(value, "'gc'", notes)
    if mapping is None:
        return None
    check_keys(mapping, ("grace",), "'gc'", notes)
    given = mapping.get("grace")
    return None if given is None else read_duration(given, "'grace' of 'gc'", notes, zero=True)


def read_environments(value: Value, notes: Notes) -> tuple[tuple[str, float], ...]:
    """`environments = {"dev_*" = {expires = "7d"}}`."""
    mapping = read_mapping(value, "'environments'", notes)
    found: list[tuple[str, float]] = []
    for entry in mapping or ():
        what = f"environment '{entry.name}'"
        settings = read_mapping(entry.value, what, notes)
        if settings is None:
            continue
        check_keys(settings, ("expires",), what, notes)
        given = settings.get("expires")
        seconds = given and read_duration(given, f"'expires' of {what}", notes)
        if seconds:
            found.append((entry.name, seconds))
    return tuple(found)

"""All targets of a profile, by name, with the engine that each is for."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly

from xform.project.environment import Environment
from xform.project.values import Mapping, Scalar
from xform.project.yaml import read_yaml


def engines_of_targets(
    text: str, path: str, profile: str, environ: ReadOnly[str, str]
) -> dict[str, str]:
    """Engine types by the names of targets, in written order. Whatever cannot be read is left out:
    it is said where the profile is read for a run."""
    file, _ = read_yaml(text, path)
    body = file.get(profile) if isinstance(file, Mapping) else None
    outputs = body.get("outputs") if isinstance(body, Mapping) else None
    environment = Environment(environ, lenient=True)
    found: dict[str, str] = {}
    for entry in outputs if isinstance(outputs, Mapping) else ():
        kind = entry.value.get("type") if isinstance(entry.value, Mapping) else None
        if isinstance(kind, Scalar):
            engine = environment.resolve(kind.text, kind.span, [])
            if engine:
                found[entry.name] = str(engine)
    return found

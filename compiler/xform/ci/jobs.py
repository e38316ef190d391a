"""What the job that a check runs in says of its pull request, on GitHub or GitLab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


def pull_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """The pull request of the event that a job on GitHub runs for; empty where there is none."""
    pull = _event(environ.get("GITHUB_EVENT_PATH", "")).get("pull_request")
    return pull if isinstance(pull, dict) else {}


def number_of(environ: Mapping[str, str]) -> int | None:
    """That of the pull or merge request; None where this is no job of one."""
    number = pull_of(environ).get("number")
    if isinstance(number, int):
        return number
    written = environ.get("CI_MERGE_REQUEST_IID", "")
    return int(written) if written.isascii() and written.isdigit() else None


def _event(path: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(Path(path).read_bytes()) if path else {}
    except (OSError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}

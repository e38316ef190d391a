"""GitHub's REST API, as far as a check needs it: comments of a pull request and check runs.

What may pass by itself is tried again: lost connections, errors of the server, and limits of the
rate, for as long as GitHub asks for (its *Best practices for using the REST API*). The token goes
into a header and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

API = "https://api.github.com"
ATTEMPTS = 4
PATIENCE = 60.0
"""Seconds that one request waits at most, all attempts together."""

_VERSION = "2022-11-28"
_TIMEOUT = 30.0
_PASSING = (500, 502, 503, 504)


class GitHubError(Exception):
    """GitHub did not do what it was asked. `kind` is forbidden (the token may not), limited (too
    many requests), refused (it does not take what was sent), missing, or unreachable."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind


class GitHub:
    """One repository (`owner/name`), over the API at `url`."""

    def __init__(
        self,
        repository: str,
        token: str,
        url: str = API,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        import httpx

        self._sleep = sleep
        self._base = f"{url.rstrip('/')}/repos/{repository}"
        self._client = httpx.Client(
            timeout=_TIMEOUT,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "User-Agent": "xform",
                "X-GitHub-Api-Version": _VERSION,
            },
        )

    def __enter__(self) -> GitHub:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def comments(self, pull: int) -> Iterator[dict[str, Any]]:
        """The comments of a pull request, the oldest first, page after page."""
        at: str | None = f"{self._base}/issues/{pull}/comments?per_page=100"
        while at is not None:
            answer = self._request("GET", at)
            yield from answer.json()
            # Only within the API that was asked: the token goes along.
            following = answer.links.get("next", {}).get("url")
            at = following if following and following.startswith(self._origin) else None

    def comment(self, pull: int, body: str) -> None:
        self._request("POST", f"{self._base}/issues/{pull}/comments", {"body": body})

    def change_comment(self, number: int, body: str) -> None:
        self._request("PATCH", f"{self._base}/issues/comments/{number}", {"body": body})

    def create_check(self, form: dict[str, Any]) -> int:
        """A check run of a commit; its number."""
        return int(self._request("POST", f"{self._base}/check-runs", form).json()["id"])

    def change_check(self, number: int, form: dict[str, Any]) -> None:
        self._request("PATCH", f"{self._base}/check-runs/{number}", form)

    @property
    def _origin(self) -> str:
        return self._base.partition("/repos/")[0]

    def _request(self, method: str, url: str, form: dict[str, Any] | None = None) -> httpx.Response:
        import httpx

        left = PATIENCE
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._client.request(method, url, json=form)
            except httpx.HTTPError as error:
                found = GitHubError(f"no answer: {type(error).__name__}", "unreachable")
                wait = float(2**attempt)
            else:
                if answer.is_success:
                    return answer
                found = _error(answer)
                wait = _wait(answer, attempt)
                if found.kind not in ("limited", "unreachable"):
                    raise found
            if attempt == ATTEMPTS or wait > left:
                break
            left -= wait
            self._sleep(wait)
        raise found


def _error(answer: httpx.Response) -> GitHubError:
    try:
        said = answer.json()
        message = str(said.get("message", "")) if isinstance(said, dict) else ""
        details = said.get("errors", []) if isinstance(said, dict) else []
    except ValueError:
        message, details = "", []
    told = [message or f"status {answer.status_code}"]
    told += [str(item.get("message") or item.get("code") or item) for item in details[:3] if item]
    text = ": ".join(told)
    status = answer.status_code
    if status == 429 or (status == 403 and _is_limited(answer, message)):
        return GitHubError(text, "limited")
    if status in _PASSING:
        return GitHubError(text, "unreachable")
    kind = {401: "forbidden", 403: "forbidden", 404: "missing"}.get(status, "refused")
    return GitHubError(text, kind)


def _is_limited(answer: httpx.Response, message: str) -> bool:
    return (
        "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in message.lower()
    )


def _wait(answer: httpx.Response, attempt: int) -> float:
    """Seconds before the next attempt, as the answer says."""
    headers = answer.headers
    try:
        if "retry-after" in headers:
            return max(0.0, float(headers["retry-after"]))
        if headers.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in headers:
            return max(0.0, float(headers["x-ratelimit-reset"]) - time.time())
    except ValueError:
        pass
    return float(2**attempt)

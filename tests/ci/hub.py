"""A server on this machine that behaves as GitHub's REST API does, where a check uses it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = 100


class Hub:
    """What it holds, and what it was asked. `answers` are given first, before it does anything:
    (status, headers, body)."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.tokens: set[str] = set()
        self.url = ""

    def answer(self, method: str, path: str, form: Any) -> tuple[int, dict[str, str], Any]:
        self.asked.append((method, path))
        if self.answers:
            return self.answers.pop(0)
        where, _, query = path.partition("?")
        match method, where.removeprefix("/repos/ann/shop/").split("/"):
            case "GET", ["issues", "7", "comments"]:
                number = int(dict(part.split("=") for part in query.split("&")).get("page", "1"))
                page = self.comments[(number - 1) * PAGE : number * PAGE]
                more = number * PAGE < len(self.comments)
                at = f"{self.url}{where}?per_page={PAGE}&page={number + 1}"
                return 200, {"Link": f'<{at}>; rel="next"'} if more else {}, page
            case "POST", ["issues", "7", "comments"]:
                if len(form["body"]) > 65_536:
                    return 422, {}, {"message": "Validation Failed"}
                self.comments.append({"id": len(self.comments) + 1, "body": form["body"]})
                return 201, {}, self.comments[-1]
            case "PATCH", ["issues", "comments", number]:
                self.comments[int(number) - 1]["body"] = form["body"]
                return 200, {}, self.comments[int(number) - 1]
            case "POST", ["check-runs"]:
                if len(form["output"]["annotations"]) > 50:
                    return 422, {}, {"message": "Invalid request"}
                self.checks.append(form)
                return 201, {}, {"id": len(self.checks)}
            case "PATCH", ["check-runs", number]:
                self.checks[int(number) - 1]["output"]["annotations"] += form["output"][
                    "annotations"
                ]
                return 200, {}, {"id": int(number)}
            case _:
                return 404, {}, {"message": "Not Found"}


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            form = json.loads(self.rfile.read(size)) if size else None
            hub.tokens.add(self.headers.get("Authorization", ""))
            status, headers, body = hub.answer(self.command, self.path, form)
            data = json.dumps(body).encode()
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _any  # noqa: N815 - as the server calls them

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

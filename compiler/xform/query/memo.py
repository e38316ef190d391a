"""Memoised queries: a pure stage runs again only when the content of its inputs changed.

A query is named (`parse`, `bind`), has a subject (which file or asset) and a key: a digest of all
that its result depends on. Results are small, stored values; what is stored under a key never
changes, so there is nothing to invalidate: a different input is a different key. `ran` lists
what was really computed, in order; tests assert on it, not on time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

import msgspec

from xform.base.hashing import Digest

Value = TypeVar("Value")


class Store(Protocol):
    """Where results are kept between runs. Losing it costs time, never correctness."""

    def load(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The values of those keys that are there."""
        ...

    def save(self, values: Mapping[str, bytes]) -> bool:
        """Whether they are there from now on."""
        ...


RECENT = 64
"""Results that are at hand as values; others are decoded anew from their stored form, which is
several times smaller."""


HELD = 16_000_000
"""Bytes of new results that are held before they are saved and let go of."""


_NOTHING: Mapping[type, object] = {}


class Memo:
    """Looks results up, computes what is missing, and saves it at the end (`flush`); where much is
    new, also before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loaded: dict[str, bytes] = {}
        self._fresh: dict[str, bytes] = {}
        self._size = 0
        self._saves = True
        self._asked: set[str] = set()
        self._values: dict[str, dict[type, object]] = {}
        """What is at hand, by the form in which it was asked for."""
        self._unwritten: dict[str, object] = {}
        """Results that are nested too deeply to be written."""
        self._encoder = msgspec.msgpack.Encoder()
        self._decoders: dict[object, msgspec.msgpack.Decoder[object]] = {}
        self.ran: list[tuple[str, str]] = []

    def prefetch(self, keys: Iterable[tuple[str, Digest]]) -> None:
        """Load many results in one go."""
        wanted = [f"{query}/{key}" for query, key in keys]
        missing = [key for key in wanted if key not in self._asked]
        self._asked.update(missing)
        if missing:
            self._loaded.update(self._store.load(missing))

    def get(
        self,
        query: str,
        subject: str,
        key: Digest,
        result: type[Value],
        compute: Callable[[], Value],
    ) -> Value:
        """The result of a query; `compute` runs only where it is not known."""
        known = self.peek(query, key, result)
        if known is not None:
            return known
        self.ran.append((query, subject))
        value = compute()
        self.put(query, key, value)
        return value

    def peek(self, query: str, key: Digest, result: type[Value]) -> Value | None:
        """The result of a query where it is known. A value that cannot be read counts as not."""
        name = f"{query}/{key}"
        value = self._values.get(name, _NOTHING).get(result, self._unwritten.get(name))
        if isinstance(value, result):
            return value
        data = self._stored(name)
        if data is None:
            return None
        decoder = self._decoders.get(result)
        if decoder is None:
            decoder = self._decoders[result] = msgspec.msgpack.Decoder(result)
        try:
            value = decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        self._remember(name, value)
        return value  # type: ignore[return-value]

    def stored(self, query: str, key: Digest) -> bytes | None:
        """A result in its stored form."""
        return self._stored(f"{query}/{key}")

    def _stored(self, name: str) -> bytes | None:
        data = self._fresh.get(name)
        if data is None:
            data = self._loaded.get(name)
        if data is None and name not in self._asked:
            data = self._store.load([name]).get(name)
            if data is None:
                self._asked.add(name)
        return data

    def put(self, query: str, key: Digest, value: object) -> None:
        """Keep a result. One that is nested too deeply to be written is computed anew by every
        process."""
        name = f"{query}/{key}"
        try:
            data = self._encoder.encode(value)
        except RecursionError:
            self._forget(name)
            self._unwritten[name] = value
        else:
            self._keep(name, data)
            self._remember(name, value)

    def put_stored(self, query: str, key: Digest, data: bytes) -> None:
        """Keep a result that is in its stored form."""
        self._keep(f"{query}/{key}", data)

    def _keep(self, name: str, data: bytes) -> None:
        self._forget(name)
        self._fresh[name] = data
        self._size += len(data)
        if self._size > HELD and self._saves:
            self.flush()

    def _forget(self, name: str) -> None:
        """What was known under this name, of another state of the outside: a template that asks
        for a variable has one key whatever the variable holds."""
        self._loaded.pop(name, None)
        self._values.pop(name, None)

    def _remember(self, name: str, value: object) -> None:
        self._values.setdefault(name, {})[type(value)] = value
        if len(self._values) > RECENT:
            del self._values[next(iter(self._values))]

    def flush(self) -> None:
        if not self._fresh:
            return
        self._saves = self._store.save(self._fresh)
        if self._saves:
            self._asked.difference_update(self._fresh)
        else:
            self._loaded.update(self._fresh)
        self._fresh, self._size = {}, 0

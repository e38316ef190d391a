"""A compilation is the same whoever has parsed and bound its models."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from compile_steps import FILES, Site

from xform.app.output.forms import compile_form

MORE = {
    "models/broken/syntax.sql": "select from where\n",
    "models/broken/template.sql": "select {{ nothing }} as a\n",
    "models/broken/column.sql": "select missing from orders\n",
    "models/broken/reader.sql": "select * from broken.column\n",
    "models/broken/bytes.sql": "select 'x\n",
    "models/broken/one.sql": "select * from broken.two\n",
    "models/broken/two.sql": "select * from broken.one\n",
    "models/broken/after.sql": "select * from broken.two\n",
    "models/marts/set.sql": "{{ config(kind='table', tags=['a']) }} from {{ ref('paid') }}",
    "models/marts/py.py": "from xform import model\n\n@model\ndef py(orders):\n    return orders\n",
}


class Near:
    """Helpers that are not elsewhere: they answer in any order, and sometimes not at all."""

    def __init__(self, work: Callable[[bytes], bytes], seed: int) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self._work = work
        self._random = random.Random(seed)

    @property
    def busy(self) -> bool:
        return bool(self.asked)

    @property
    def has_room(self) -> bool:
        return len(self.asked) < 3

    def ask(self, subject: str, message: bytes) -> None:
        self.asked.append((subject, message))

    def answers(self, *, wait: bool) -> list[tuple[str, bytes]]:
        self._random.shuffle(self.asked)
        count = self._random.randint(int(wait), len(self.asked)) if self.asked else 0
        found = []
        for subject, message in [self.asked.pop() for _ in range(count)]:
            try:
                answer = self._work(message) if self._random.random() < 0.8 else b""
            except AssertionError:
                answer = b""
            found.append((subject, answer))
        return found

    def close(self) -> None:
        self.asked = []


@pytest.mark.parametrize("seed", range(6))
def test_the_result_does_not_depend_on_who_computed_it(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Site(tmp_path / "alone", {**FILES, **MORE}).open()
    expected = alone.compile()

    def hired(
        _: int, __: object, prepare: Callable[[], None], work: Callable[[bytes], bytes]
    ) -> Near:
        prepare()
        return Near(work, seed)

    monkeypatch.setattr("xform.app.compiling.compiler.hire", hired)
    together = Site(tmp_path / "together", {**FILES, **MORE}).open()
    found = together.compile()
    assert found.slim == expected.slim
    assert compile_form(found) == compile_form(expected)
    assert sorted(together.ran) == sorted(alone.ran)


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux only")
def test_other_processes_give_the_same_manifest(tmp_path: Path) -> None:
    models = {
        f"models/many/m{n}.sql": f"select x + {n} as x from {{{{ ref('m{n // 2}') }}}}\n"
        for n in range(1, 250)
    }
    site = Site(tmp_path, {**FILES, "models/many/m0.sql": "select 1 as x\n", **models})
    manifests = []
    for threads in ("1", "3"):
        for path in (site.root / ".xform").rglob("*.*"):
            path.unlink()
        subprocess.run(
            [sys.executable, "-m", "xform", "compile", "--quiet", "--threads", threads],
            cwd=site.root,
            check=True,
        )
        manifests.append((site.root / "target/manifest.json").read_bytes())
    assert manifests[0] == manifests[1]
    assert len(msgspec.json.decode(manifests[0])["assets"]) == 262

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fuzz_warehouse import Oracle


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    made = Oracle()
    yield made
    made.close()

"""What the tests of the screens have in common."""

from __future__ import annotations

import pytest
from textual import _wait


@pytest.fixture(autouse=True)
def a_pilot_that_does_not_dawdle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every 2.5 ms whether the console has come to rest, not every 20: a test types dozens of keys.

    Private in Textual 8.2; if it goes away the tests are slower and as good.
    """
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 1 / 400, raising=False)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", 1 / 400 / 20, raising=False)

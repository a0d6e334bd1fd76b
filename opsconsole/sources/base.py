"""What every data source is: a name, a rhythm, and one question that it answers."""

from __future__ import annotations

from typing import Protocol

from opsconsole.domain.reading import Reading


class SourceError(Exception):
    """A source could not be read. The text is one sentence for a person and is shown as it is."""


class Source(Protocol):
    """One data source.

    Attributes:
        id: unique, begins with the configuration table's name: "probe.web", "host", "prometheus.web-1".
        table: the configuration table's name: "probe", "host", "prometheus".
        title: what a person calls it.
        interval: seconds between the starts of two polls.
        timeout: seconds after which a poll is given up.
        remote: whether it is reached over a network, so that "no network here" would explain its failure.
        expects: (id, kind, label) of the series it is known to give before it was ever read, so that a screen can
            show them as not yet known; others may come with its readings.
    """

    id: str
    table: str
    title: str
    interval: float
    timeout: float
    remote: bool
    expects: tuple[tuple[str, str, str], ...]

    async def poll(self) -> Reading:
        """Read it once.

        A target that is down is a finding, told in the reading. Cancellation is honoured at once.

        Raises:
            SourceError: it could not be read; the poller makes a failed reading of it.
        """
        ...

    async def close(self) -> None:
        """Give back what it holds. Never raises, never waits for the network."""
        ...

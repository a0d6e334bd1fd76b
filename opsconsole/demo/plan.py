"""What a demo is asked to be: handed from the process that starts it to the one that is it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from opsconsole.demo.scenarios import DEFAULT


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played, and where.

    Attributes:
        scenario: a key of `SCENARIOS`.
        seed: decides what the visitors do and how long answers take.
        speed: how many seconds of the scenario's clock pass in one second.
        port_base: the first of the ports, which then follow each other; None for any free ones.
    """

    scenario: str = DEFAULT
    seed: int = 1
    speed: float = 1.0
    port_base: int | None = None

    def written(self, folder: Path) -> str:
        """The plan and the run's folder in one line of text."""
        return json.dumps([str(folder), asdict(self)])

    @classmethod
    def read(cls, text: str) -> tuple[Path, Plan]:
        """What `written` wrote."""
        folder, values = json.loads(text)
        return Path(folder), cls(**values)

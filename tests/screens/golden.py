"""Golden frames: what a screen looks like, as text files that a person can read and review.

To renew them after a change that was meant: `FRAMES=renew pytest tests/screens`, then read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "frames"
RENEW: Final = os.environ.get("FRAMES") == "renew"


def assert_frame(name: str, frame: str) -> None:
    """The frame must be the one in the file of that name, to the character."""
    path = FOLDER / f"{name}.txt"
    frame = "\n".join(line.rstrip() for line in frame.splitlines()) + "\n"
    if RENEW:
        path.parent.mkdir(exist_ok=True)
        path.write_text(frame, encoding="utf-8")
    assert path.is_file(), f"{path.name} is missing; FRAMES=renew writes it"
    assert frame == path.read_text(encoding="utf-8"), f"not as in {path.name}; FRAMES=renew writes it anew"

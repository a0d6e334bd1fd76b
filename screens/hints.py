"""The footer's hints, from the command registry."""

from __future__ import annotations

from collections.abc import Mapping

from opsconsole.commands import REGISTRY, shown_key
from widgets.row import Row, Span


def hints(screen: str, keys: Mapping[str, tuple[str, ...]], width: int, also: tuple[str, ...] = ()) -> Row:
    """The keys that are most worth knowing on a screen, as many as fit.

    Args:
        screen: the screen's name; its own commands come first.
        keys: command id → its keys.
        width: characters there is room for.
        also: commands of no screen that this one shows before the usual ones.
    """
    own = [command for command in REGISTRY.values() if command.screen == screen and command.hint]
    everywhere = [command for command in REGISTRY.values() if not command.screen and command.hint]
    spans: list[Span] = []
    used = 0
    for command in [*(REGISTRY[name] for name in also), *own, *everywhere]:
        if not keys[command.id]:
            continue
        key = shown_key(keys[command.id][0])
        words = f" {command.hint or command.title.split()[0].lower()}   "
        if used + len(key) + len(words) - 3 > width:
            break
        spans += [Span(key, "key"), Span(words, "muted")]
        used += len(key) + len(words)
    return tuple(spans)

"""Names: of what is watched, of sources, of time zones."""

from __future__ import annotations

from typing import Any, Final

from opsconsole.config.kinds import Kind, text
from opsconsole.config.problems import Place, nearest, said

NAME: Final = text('"acme-web"', longest=100)
ID: Final = text(
    '"web"',
    pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    advice="an id has letters, digits, dots, hyphens and underscores, begins with a letter or digit, at most 64",
)


def _read_timezone(value: Any, place: Place) -> Any:
    if not isinstance(value, str):
        return place.wrong(f"{said(value)} is not a time zone", 'write it like "Europe/Berlin" or "UTC"')
    if value in ("UTC", "Etc/UTC"):  # known without a time zone database
        return value
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        if not known:
            return place.wrong(
                "this machine has no time zone database", 'install the package tzdata, or write "UTC"'
            )
        ends = [each for each in known if each.rpartition("/")[2].lower() == value.lower().replace(" ", "_")]
        near = ends[0] if ends else nearest(value, known)
        return place.wrong(
            f"{said(value)} is not a time zone",
            f"did you mean {near}?" if near else 'write it like "Europe/Berlin"',
        )
    return value


TIMEZONE: Final = Kind("a time zone", _read_timezone, '"Europe/Berlin"', lambda value: f'"{value}"')

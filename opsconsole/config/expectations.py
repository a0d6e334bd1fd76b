"""What a good answer looks like: status classes, expressions, values in JSON."""

from __future__ import annotations

import re
from typing import Any, Final

from opsconsole.config.kinds import Kind, mapping
from opsconsole.config.problems import Place, said


def _read_status(value: Any, place: Place) -> Any:
    pattern = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(pattern, str):
        pattern = pattern.strip().lower()
        low, separator, high = pattern.partition("-")
        if re.fullmatch("[1-5](xx|[0-9][0-9])", pattern):
            return pattern
        if separator and all(re.fullmatch("[1-5][0-9][0-9]", each) for each in (low, high)) and low <= high:
            return pattern
    return place.wrong(f"{said(value)} is not an HTTP status", 'write it like "2xx", "301" or "200-299"')


STATUS: Final = Kind("an HTTP status", _read_status, '"2xx"', lambda value: f'"{value}"')


def _read_expression(value: Any, place: Place) -> Any:
    if not isinstance(value, str):
        return place.wrong(
            f"{said(value)} is not a regular expression", "write it in single quotes, like 'v[0-9]+'"
        )
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        return place.wrong(
            f"{said(value)} is not a regular expression: {error}",
            "mend it; in single quotes a backslash needs no doubling",
        )
    return value


EXPRESSION: Final = Kind("a regular expression", _read_expression, "'version [0-9]+'", lambda value: f"'{value}'")


def _read_json(value: Any, place: Place) -> Any:
    if isinstance(value, list):
        return [_read_json(each, place) for each in value]
    if isinstance(value, dict):
        return {key: _read_json(each, place) for key, each in value.items()}
    if isinstance(value, str | int | float | bool):
        return value
    return place.wrong("JSON has no dates", "write it in quotes, as it stands in the body")


JSON: Final = mapping(
    Kind("a path", lambda value, place: value),
    Kind("what must stand there", _read_json),
    '{ "db.status" = "up" }',
    nested=True,
)

"""What a good answer looks like: status, body and JSON, each with the words for when it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from opsconsole.config.model import Expect
from opsconsole.domain.reading import Json, Layer
from opsconsole.domain.text import plain
from opsconsole.sources.probe_attempt import Failure

_STATUS: Final = re.compile(r"([1-5])xx|([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?", re.IGNORECASE)
_TEXT_CODECS: Final = re.compile(
    r"(utf-?(8|16|32)(-?(le|be|sig))?|us-ascii|ascii|latin-?1|iso-?8859-?\d+|windows-125\d|cp125\d|koi8-[ru]"
    r"|gb2312|gbk|gb18030|big5|shift_jis|euc-(jp|kr))\Z",
    re.IGNORECASE,
)
_MISSING: Final = object()


def parse_status(specification: str) -> range:
    """The codes that "2xx", "301" or "200-299" stands for.

    Raises:
        ValueError: it is none of these.
    """
    found = _STATUS.fullmatch(specification.strip())
    if found is None:
        raise ValueError(f'{specification!r} is no status; write "2xx", "301" or "200-299"')
    kind, first, last = found.groups()
    if kind:
        return range(int(kind) * 100, int(kind) * 100 + 100)
    if last and int(last) < int(first):
        raise ValueError(f'{specification!r} is an empty range of statuses; write "{last}-{first}"')
    return range(int(first), int(last or first) + 1)


def said_status(code: int) -> str:
    """A status with its name: "503 (Service Unavailable)". The server's own name for it is not repeated."""
    try:
        return f"{code} ({HTTPStatus(code).phrase})"
    except ValueError:
        return str(code)


@dataclass(frozen=True, slots=True)
class Expectations:
    """The expectations of one HTTP probe, ready to be held against answers.

    Attributes:
        expect: as configured.
        statuses: the codes that are accepted; empty accepts 2xx.
        pattern: the compiled `body_matches`, or None.
    """

    expect: Expect
    statuses: tuple[range, ...] = ()
    pattern: re.Pattern[str] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, expect: Expect) -> Expectations:
        """Prepare them.

        Raises:
            ValueError: a status or the regular expression cannot be understood.
        """
        try:
            pattern = re.compile(expect.body_matches) if expect.body_matches else None
        except re.error as error:
            raise ValueError(f"expect.body_matches is no regular expression: {error}") from None
        return cls(expect, tuple(parse_status(str(status)) for status in expect.status), pattern)

    @property
    def of_body(self) -> bool:
        """Whether anything is expected of the body."""
        return bool(self.expect.body_contains or self.pattern or self.expect.json)

    def wants(self, status: int) -> bool:
        """Whether this very status was asked for by name: a redirect that is expected is not followed."""
        return any(status in codes for codes in self.statuses)

    def check_status(self, status: int, location: str = "") -> None:
        """Hold the status against them.

        Raises:
            Failure: it is another; its layer is HTTP.
        """
        if self.wants(status) or (not self.statuses and 200 <= status <= 299):
            return
        wanted = " or ".join(map(str, self.expect.status)) or "2xx"
        where = f", to {location}" if location else ""
        raise Failure(Layer.HTTP, f"the answer was {said_status(status)}{where}; {wanted} was expected")

    def check_body(self, body: bytes, charset: str) -> None:
        """Hold the body against them.

        Raises:
            Failure: something is missing; its layer is BODY or JSON.
        """
        expect = self.expect
        if expect.body_contains or self.pattern:
            text = _decoded(body, charset)
            if expect.body_contains and expect.body_contains not in text:
                raise Failure(Layer.BODY, f"{plain(expect.body_contains, 80)!r} is not in it; {_excerpt(text)}")
            if self.pattern and not self.pattern.search(text):
                raise Failure(Layer.BODY, f"nothing in it matches {expect.body_matches!r}; {_excerpt(text)}")
        if expect.json:
            document = _document(body)
            for path, wanted in expect.json.items():
                _check_path(document, path, wanted)


def _decoded(body: bytes, charset: str) -> str:
    """The body as text; what is no text in its character set becomes a replacement mark and fails nothing."""
    return body.decode(charset if _TEXT_CODECS.match(charset) else "utf-8", "replace")


def _excerpt(text: str) -> str:
    return f"it begins with {plain(text[:400], 60)!r}" if text.strip() else "it is empty"


def _document(body: bytes) -> Json:
    try:
        document: Json = json.loads(body)
    except UnicodeDecodeError:
        raise Failure(Layer.JSON, "the body is not JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise Failure(Layer.JSON, "the body is JSON that is nested too deeply") from None
    except ValueError as error:
        begins = _excerpt(body[:400].decode("utf-8", "replace"))
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) and body else ""
        raise Failure(Layer.JSON, f"the body is not JSON{where}; {begins}") from None
    return document


def _check_path(document: Json, path: str, wanted: Json) -> None:
    found = _at(document, path)
    if found is _MISSING:
        raise Failure(Layer.JSON, f"{path} is missing; {_said(wanted)} was expected")
    if not _same(found, wanted):
        raise Failure(Layer.JSON, f"{path} is {_said(found)}; {_said(wanted)} was expected")


def _at(document: Json, path: str) -> object:
    """What stands at a dotted path: "db.status", "items.0.name" or "items[0].name"; a key may hold dots itself."""
    if isinstance(document, dict) and path in document:
        return document[path]
    return _walk(document, re.sub(r"\[(\d+)\]", r".\1", path).strip(".").split("."))


def _walk(node: Json, keys: Sequence[str]) -> object:
    if not keys:
        return node
    if isinstance(node, list):
        place = int(keys[0]) if keys[0].isascii() and keys[0].isdigit() and len(keys[0]) < 10 else len(node)
        return _walk(node[place], keys[1:]) if place < len(node) else _MISSING
    if isinstance(node, dict):
        for end in range(1, len(keys) + 1):
            key = ".".join(keys[:end])
            if key in node:
                found = _walk(node[key], keys[end:])
                if found is not _MISSING:
                    return found
    return _MISSING


def _same(found: object, wanted: object) -> bool:
    """Equal as JSON has it: true is not 1, and 1 is 1.0."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_same(found[key], wanted[key]) for key in found)
    if isinstance(found, list) and isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(_same, found, wanted))
    return found == wanted


def _said(value: object) -> str:
    return plain(json.dumps(value, ensure_ascii=False, default=str), 80)

"""What a terminal does with a program's output: a screen of cells, the modes that are set, answers to questions.

The cells are pyte's. Around them stands what pyte does not know: private modes, the questions programs ask (with
the answers xterm 379 gives, by its control sequences document), and the sequences that are of no use to a test.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Final

import pyte
from pyte.screens import Char

_SEQUENCE: Final = re.compile(
    r"""
      \x1b\[ (?P<lead>[<=>?]?) (?P<parameters>[0-9;:]*) (?P<between>[\ -/]*) (?P<final>[@-~])
    | \x1b\] (?P<osc>[^\x07\x1b]*) (?P<end>\x07|\x1b\\)
    | \x1b   (?P<string>[PX^_]) (?P<body>(?:[^\x1b]|\x1b(?!\\))*) \x1b\\
    | \x1b   (?P<short>[ -/]+[0-~]|[0-OQ-WYZ\\`-~])
    """,
    re.VERBOSE | re.DOTALL,
)
_LONGEST: Final = 65_536
_ALTERNATE: Final = frozenset((47, 1047, 1049))
_SCREEN_MODES: Final = frozenset((6, 7, 25))
_PYTE_FINALS: Final = frozenset("@ABCDEFGHJKLMPXadefghlmr'`")
_KNOWN_MODES: Final = frozenset((1, 6, 7, 12, 25, 47, 1000, 1002, 1003, 1004, 1006, 1015, 1016, 1047, 1049, 2004))

MOUSE_MODES: Final = frozenset((9, 1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016))
PASTE, FOCUS, IN_BAND_RESIZE, CURSOR_KEYS = 2004, 1004, 2048, 1


class Emulator:
    """The far end of a terminal line.

    Attributes:
        modes: the private modes that are set now.
        kitty: how many levels of the kitty keyboard protocol were pushed and not popped.
        changes: how often anything visible changed, counted per call of `feed`.
        questions: what the program asked, in order, by name.
    """

    def __init__(self, columns: int, rows: int, answer: Callable[[bytes], None]) -> None:
        self.modes: set[int] = {7, 25}
        self.kitty = 0
        self.changes = 0
        self.questions: list[str] = []
        self._answer = answer
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unfinished = ""
        self._seen: dict[int, tuple[Char, ...]] = {}

    @property
    def columns(self) -> int:
        """Cells in a row."""
        return self._screen.columns

    @property
    def rows(self) -> int:
        """Rows of the screen."""
        return self._screen.lines

    @property
    def text(self) -> str:
        """The screen as lines, without the blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def visible(self) -> int:
        """How many cells show something."""
        return sum(1 for line in self._screen.display for character in line if character not in " \xa0\u2800")

    @property
    def alternate(self) -> bool:
        """Whether the program has the screen for itself (the alternate screen)."""
        return bool(self.modes & _ALTERNATE)

    def row(self, number: int) -> str:
        """One row's text, without the blanks at its end; 0 is the top."""
        return self._screen.display[number].rstrip()

    def cell(self, row: int, column: int) -> Char:
        """One cell: `data`, `fg`, `bg`, `bold`, `reverse`, …"""
        return self._screen.buffer[row][column]

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, as a window does: what is cut off is gone."""
        self._screen.resize(lines=rows, columns=columns)
        self._seen.clear()

    def feed(self, data: bytes) -> bool:
        """Take the program's output; True if anything visible changed by it."""
        text = self._unfinished + self._decoder.decode(data)
        self._unfinished = ""
        position = 0
        while position < len(text):
            escape = text.find("\x1b", position)
            if escape < 0:
                self._stream.feed(text[position:])
                break
            if escape > position:
                self._stream.feed(text[position:escape])
            found = _SEQUENCE.match(text, escape)
            if found is not None:
                self._sequence(found)
                position = found.end()
            elif len(text) - escape < _LONGEST:
                self._unfinished = text[escape:]
                break
            else:
                position = escape + 1
        return self._count_change()

    def _count_change(self) -> bool:
        changed = False
        for number in self._screen.dirty:
            if number < self.rows:
                line = self._screen.buffer[number]
                cells = tuple(line[column] for column in range(self.columns))
                if self._seen.get(number) != cells:
                    self._seen[number] = cells
                    changed = True
        self._screen.dirty.clear()
        self.changes += changed
        return changed

    def _sequence(self, found: re.Match[str]) -> None:
        if found["final"] is not None:
            self._control(found)
        elif found["osc"] is not None:
            self._operating_system(found["osc"], found["end"])
        elif found["string"] is not None:
            if found["string"] == "P" and found["body"].startswith(("+q", "$q")):
                self._asked("DCS" + found["body"][:2], f"\x1bP0{'+r' if found['body'][0] == '+' else '$r'}\x1b\\")
        elif found["short"] in ("7", "8", "c", "D", "E", "M", "H"):
            self._stream.feed(found[0])

    def _control(self, found: re.Match[str]) -> None:
        lead, parameters, between, final = found["lead"], found["parameters"], found["between"], found["final"]
        numbers = [int(number or 0) for number in re.split("[;:]", parameters)]
        if between:
            if between == "$" and final == "p":
                self._asked_mode(lead, numbers[0])
        elif lead == "?" and final in "hl":
            for mode in numbers:
                self._private_mode(mode, on=final == "h")
        elif final == "u" and lead:
            if lead == "?":
                self.questions.append("kitty keyboard")  # xterm does not know the protocol and stays silent
            elif lead in "<>":
                self.kitty = max(self.kitty + (1 if lead == ">" else -max(numbers[0], 1)), 0)
        elif final == "c" and numbers[0] == 0:
            answers = {"": "\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c", ">": "\x1b[>41;379;0c"}
            self._asked(f"DA{lead}", answers.get(lead, ""))
        elif final == "n":
            self._asked_status(lead, numbers[0])
        elif final == "q" and lead == ">":
            self._asked("XTVERSION", "\x1bP>|XTerm(379)\x1b\\")
        elif final == "t" and not lead:
            sizes = {
                14: f"4;{self.rows * 20};{self.columns * 10}",
                16: "6;20;10",
                18: f"8;{self.rows};{self.columns}",
            }
            if numbers[0] in sizes:
                self._asked(f"window {numbers[0]}", f"\x1b[{sizes[numbers[0]]}t")
        elif not lead and final in _PYTE_FINALS:
            self._stream.feed(f"\x1b[{parameters.replace(':', ';')}{final}")

    def _private_mode(self, mode: int, *, on: bool) -> None:
        if mode in _ALTERNATE and on != self.alternate:
            self._stream.feed("\x1b[m\x1b[2J\x1b[H")
        (self.modes.add if on else self.modes.discard)(mode)
        if mode in _SCREEN_MODES:
            self._stream.feed(f"\x1b[?{mode}{'h' if on else 'l'}")

    def _asked(self, question: str, answer: str) -> None:
        self.questions.append(question)
        if answer:
            self._answer(answer.encode("ascii"))

    def _asked_mode(self, lead: str, mode: int) -> None:
        state = 0 if mode not in _KNOWN_MODES else 1 if mode in self.modes else 2
        self._asked(f"DECRQM {mode}", f"\x1b[{lead}{mode};{state}$y")

    def _asked_status(self, lead: str, number: int) -> None:
        cursor = self._screen.cursor
        place = f"{cursor.y + 1};{min(cursor.x, self.columns - 1) + 1}"
        answers = {("", 5): "\x1b[0n", ("", 6): f"\x1b[{place}R", ("?", 6): f"\x1b[?{place};1R"}
        self._asked(f"DSR {lead}{number}", answers.get((lead, number), ""))

    def _operating_system(self, body: str, end: str) -> None:
        code, _, rest = body.partition(";")
        if rest == "?" and code in ("10", "11"):
            colour = "0000/0000/0000" if code == "11" else "ffff/ffff/ffff"
            self._asked(f"OSC {code}", f"\x1b]{code};rgb:{colour}{end}")

"""The far end of the line that the other tests look at."""

from __future__ import annotations

import pytest

from tests.terminal.emulator import Emulator


def emulator(columns: int = 20, rows: int = 4) -> tuple[Emulator, list[bytes]]:
    answers: list[bytes] = []
    return Emulator(columns, rows, answers.append), answers


def test_shows_text_where_the_program_puts_it() -> None:
    screen, _ = emulator()
    assert screen.feed(b"\x1b[2;3Hhello \x1b[31;1mred\x1b[0m")
    assert screen.text == "\n  hello red\n\n"
    assert (screen.cell(1, 8).fg, screen.cell(1, 8).bold, screen.cell(1, 2).fg) == ("red", True, "default")
    assert screen.visible == 8


def test_a_sequence_or_character_in_two_pieces_is_understood() -> None:
    screen, _ = emulator()
    for byte in "\x1b[3;2H\x1b[38;2;255;0;10m■ down\x1b[0m".encode():
        screen.feed(bytes([byte]))
    assert screen.row(2) == " ■ down"
    assert screen.cell(2, 1).fg == "ff000a"


def test_repainting_the_same_cells_is_no_change() -> None:
    screen, _ = emulator()
    assert screen.feed(b"\x1b[Hsame")
    assert not screen.feed(b"\x1b[Hsame")
    assert screen.feed(b"\x1b[Hs\x1b[7mame")
    assert screen.changes == 2


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[>1u", b"\x1b[=1;1u", b"\x1b[?u", b"\x1b[<u", b"\x1b[?2026$p", b"\x1b[?2026h", b"\x1b[4:3m",
        b"\x1b[2 q", b"\x1b]0;title\x07", b"\x1b]52;c;aGk=\x1b\\", b"\x1bP$qm\x1b\\", b"\x1b_Gi=1\x1b\\",
        b"\x1b(B", b"\x1b=", b"\x1b[>4;1m", b"\x1b[?1;2r", b"\x1b[!p", b"\x1b[1;2;3 t",
    ],
)  # fmt: skip
def test_sequences_of_other_terminals_leave_no_trace_on_the_screen(sequence: bytes) -> None:
    screen, _ = emulator()
    screen.feed(b"a" + sequence + b"b")
    assert screen.row(0) == "ab"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (b"\x1b[c", b"\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c"),
        (b"\x1b[>c", b"\x1b[>41;379;0c"),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[2;4H\x1b[6n", b"\x1b[2;4R"),
        (b"\x1b[?2026$p", b"\x1b[?2026;0$y"),
        (b"\x1b[?1004$p", b"\x1b[?1004;2$y"),
        (b"\x1b[?1004h\x1b[?1004$p", b"\x1b[?1004;1$y"),
        (b"\x1b]11;?\x07", b"\x1b]11;rgb:0000/0000/0000\x07"),
        (b"\x1b[18t", b"\x1b[8;4;20t"),
    ],
)
def test_questions_are_answered_as_xterm_answers_them(question: bytes, answer: bytes) -> None:
    screen, answers = emulator()
    screen.feed(question)
    assert answers == [answer]


def test_the_alternate_screen_begins_empty_and_modes_are_kept() -> None:
    screen, _ = emulator()
    screen.feed(b"shell\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[>1u")
    assert screen.alternate
    assert screen.text.strip() == ""
    assert screen.modes >= {1000, 1006}
    assert 25 not in screen.modes
    assert screen.kitty == 1
    screen.feed(b"\x1b[<u\x1b[?1006;1000l\x1b[?1049l\x1b[?25h")
    assert screen.modes == {7, 25}  # 1049 is gone as well
    assert screen.kitty == 0


def test_another_size_keeps_what_still_fits() -> None:
    screen, _ = emulator(20, 4)
    screen.feed(b"top")
    screen.resize(10, 6)
    assert (screen.columns, screen.rows, screen.row(0)) == (10, 6, "top")

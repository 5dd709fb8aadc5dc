"""A list of events on paper: who did what when and why, in Latin and Devanagari script, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fpdf import FPDF

LATIN, NAGARI = "latin", "nagari"
PACKAGES = {LATIN: ("fontpkg_noto_sans", "NotoSans["), NAGARI: ("fontpkg_noto_sans_devanagari", "NotoSansDevanagari[")}
NAGARI_BLOCKS = re.compile("[\u0900-\u097f\ua8e0-\ua8ff\u1cd0-\u1cff\u200c\u200d\u25cc]")
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
SIZE, SMALL, LARGE = 9, 7.5, 14
LINE_MM = 4.6


class Paragraph(NamedTuple):
    """`head` in dark, then `lines` indented."""

    head: str
    lines: Sequence[str] = ()


class Paper(FPDF):
    """A4 with page numbers. Characters that neither font has are replaced visibly, and the last page says so."""

    def __init__(self, title: str, about: Sequence[str]) -> None:
        super().__init__(format="A4")
        self.footer_text = title
        self.replaced = 0
        for name, (package, beginning) in PACKAGES.items():
            self.add_font(name, fname=_font_file(package, beginning))
        self.known = {name: frozenset(self.fonts[name].cmap) for name in PACKAGES}  # type: ignore[union-attr]
        self.set_title(title)
        self.set_margin(14)
        self.set_auto_page_break(auto=True, margin=16)
        self.add_page()
        self.say(title, size=LARGE)
        for line in about:
            self.say(line, size=SMALL, grey=True)
        self.ln(2)

    def footer(self) -> None:
        """Title and page at the foot of each page."""
        self.set_y(-12)
        self.set_font(LATIN, size=SMALL)
        self.set_text_color(90)
        self.cell(0, LINE_MM, f"{self.footer_text} · {self.page_no()} / {{nb}}", align="R")

    def say(self, text: str, *, size: float = SIZE, grey: bool = False, indent_mm: float = 0) -> None:
        """A paragraph, each script in its font and shaped as a whole: vowel signs stand where they are read."""
        self.set_text_color(90 if grey else 20)
        self.set_left_margin(14 + indent_mm)
        self.set_x(self.l_margin)
        for name, run in _runs(" ".join(text.split())):
            self.set_font(name, size=size)
            self.set_text_shaping(name == NAGARI)
            self.write(LINE_MM * size / SIZE, self._printable(name, run))
        self.ln(LINE_MM * size / SIZE)
        self.set_left_margin(14)

    def _printable(self, font: str, run: str) -> str:
        known = self.known[font]
        shown = "".join(each if ord(each) in known else UNKNOWN for each in run)
        self.replaced += sum(a != b for a, b in zip(shown, run, strict=True))
        return shown


def write(file: BinaryIO, title: str, about: Sequence[str], paragraphs: Iterable[Paragraph]) -> int:
    """All of it as PDF; returns the number of paragraphs. The whole document is in memory: the caller limits it."""
    paper = Paper(title, about)
    count = 0
    for head, lines in paragraphs:
        count += 1
        paper.say(head)
        for line in lines:
            paper.say(line, grey=True, indent_mm=5)
        paper.ln(1.2)
    if not count:
        paper.say("Nothing matches.")
    if paper.replaced:
        paper.say(
            f"{paper.replaced} characters marked {UNKNOWN} can't be printed here: the CSV and Excel files hold them."
        )
    paper.output(file)
    return count


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """(font, text) of each stretch in one script; spaces stay with what is before them."""
    script = LATIN

    def font_of(each: str) -> str:
        nonlocal script
        if each != " ":
            script = NAGARI if NAGARI_BLOCKS.match(each) else LATIN
        return script

    for name, run in groupby(text, key=font_of):
        yield name, "".join(run)


def _font_file(package: str, beginning: str) -> Path:
    folder = Path(str(files(package))) / "files"
    return next(path for path in folder.iterdir() if path.name.startswith(beginning))

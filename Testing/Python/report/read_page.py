"""Reading a report as a browser does: its tree, its texts, its pictures, and every address it names."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser

import numpy as np
from PIL import Image

VOID = {"br", "img", "input", "meta"}


class Page(HTMLParser):
    """A parsed page; raises AssertionError where elements are not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open or "script" in self.open:
            return
        self.words.append(data)
        if "td" in self.open or ("tbody" in self.open and "th" in self.open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        """All that is read."""
        return " ".join(self.words)

    def all(self, tag: str) -> list[dict]:
        """The attributes of every element ``tag``."""
        return [attributes for found, attributes in self.elements if found == tag]

    def pictures(self) -> dict[str, np.ndarray]:
        """The pictures by what is told of them, decoded."""
        return {entry["alt"]: decode(entry["src"]) for entry in self.all("img")}


def decode(address: str) -> np.ndarray:
    """The pixels of a data URI."""
    kind, _, data = address.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))

"""Pictures inside the file: slices as PNG in data URIs, with scale bar and the patient's sides."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from MedFusionLib.cuts import Sides, cut, extent, scale_bar, sides
from MedFusionLib.report.markup import Markup, element
from MedFusionLib.volume import Array, Volume


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through the fixed volume: its name, array axis (-1: a picture) and where it is cut."""

    name: str
    axis: int
    centre: tuple[int, ...]
    grid: Volume

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm (pixels for a picture)."""
        return extent(self.grid, self.axis)

    @property
    def sides(self) -> Sides | None:
        """The patient's sides at the edges; a picture has none."""
        return sides(self.grid, self.axis) if self.axis >= 0 else None


def data_uri(picture: Array) -> str:
    """``picture`` (rows, columns) or (rows, columns, 3) in [0, 1] as a PNG in a data URI."""
    from PIL import Image

    bytes_ = np.round(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(bytes_).save(stream, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def plane_picture(volume: Array, plane: Plane, title: str, detail: str = "") -> Markup:
    """The slice of ``volume`` in ``plane`` as a figure that a click enlarges."""
    return slice_picture(cut(volume, plane.axis, plane.centre), plane, title, detail)


def slice_picture(pixels: Array, plane: Plane, title: str, detail: str = "") -> Markup:
    """``pixels`` already cut in ``plane`` as a figure that a click enlarges."""
    told = ", ".join(dict.fromkeys(part for part in (title, detail, plane.name) if part))
    return picture(pixels, plane.size, told, [element("b", title), element("span", detail)], marks(plane))


def picture(
    pixels: Array, size: tuple[float, float], told: str, caption: object = None, overlay: object = None
) -> Markup:
    """``pixels`` shown with the proportions of ``size``; ``told`` is read to those who cannot see it."""
    width, height = size
    image = element("img", src=data_uri(pixels), alt=told, style=f"aspect-ratio: {width:.6g} / {height:.6g}")
    button = element("button", image, overlay, type="button", class_="zoom", aria_label=f"Enlarge: {told}")
    words = element("figcaption", caption) if caption else None
    return element("figure", button, words, style=f"--aspect: {width / height:.6g}")


def gallery(pictures: Sequence[Markup], columns: int, title: str = "") -> Markup:
    """``pictures`` of one shape side by side, ``columns`` of them in a row."""
    grid = element("div", list(pictures), class_="gallery", style=f"--columns: {columns}")
    return element("div", element("h3", title) if title else None, grid, class_="strip")


def row(pictures: Sequence[Markup]) -> Markup:
    """``pictures`` of any shape side by side, all of one height."""
    return element("div", list(pictures), class_="strip justified")


def marks(plane: Plane) -> list[Markup]:
    """A scale bar and the letters of the patient's sides."""
    if plane.sides is None:
        return []
    width = plane.size[0]
    length = scale_bar(width)
    label = f"{length // 10} cm" if length >= 10 else f"{length} mm"
    letters = {"left": plane.sides.left, "top": plane.sides.top, "right": plane.sides.right}
    bar = element("span", label, class_="bar", style=f"width: {100 * length / width:.4g}%", aria_hidden="true")
    return [bar, *(element("span", letter, class_=f"side {edge}", aria_hidden="true")
                   for edge, letter in letters.items())]

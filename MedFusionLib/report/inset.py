"""The part of a plane that is magnified: where every source has detail, so that methods differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from MedFusionLib.cuts import cut
from MedFusionLib.layers import Layer
from MedFusionLib.report.markup import Markup, element
from MedFusionLib.report.pictures import Plane
from MedFusionLib.volume import Array

_SHARE = 0.28
_BORDER = 3


@dataclass(frozen=True)
class Inset:
    """A square (in mm) of a plane: first row and column, rows and columns of voxels."""

    row: int
    column: int
    rows: int
    columns: int

    def of(self, pixels: Array) -> Array:
        """The part of ``pixels`` that is magnified."""
        return pixels[self.row : self.row + self.rows, self.column : self.column + self.columns]

    def frame(self, shape: tuple[int, ...]) -> Markup:
        """The frame around the part, drawn over the whole plane of ``shape``."""
        places = {
            "top": self.row / shape[0],
            "left": self.column / shape[1],
            "height": self.rows / shape[0],
            "width": self.columns / shape[1],
        }
        style = "; ".join(f"{name}: {100 * place:.4g}%" for name, place in places.items())
        return element("span", class_="frame", style=style, aria_hidden="true")

    def size(self, plane: Plane, shape: tuple[int, ...]) -> tuple[float, float]:
        """Width and height in mm (pixels for a picture)."""
        width, height = plane.size
        return width * self.columns / shape[1], height * self.rows / shape[0]


def choose_inset(layers: Sequence[Layer], plane: Plane) -> Inset:
    """The square with the most detail in every source: the largest product of the sources' mean gradients in it.

    The borders of the fields of view are no detail.
    """
    from scipy.ndimage import binary_erosion, uniform_filter

    greys = [cut(layer.grey, plane.axis, plane.centre) for layer in layers]
    rows, columns = _window(greys[0].shape, plane)
    common = np.logical_and.reduce([cut(layer.validity, plane.axis, plane.centre) for layer in layers])
    common = binary_erosion(common, iterations=_BORDER, border_value=1)
    means = [uniform_filter(_strength(grey) * common, (rows, columns), mode="constant") for grey in greys]
    detail: Array = np.prod(means, axis=0)
    inside = detail[rows // 2 : detail.shape[0] - (rows - 1) // 2, columns // 2 : detail.shape[1] - (columns - 1) // 2]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return Inset(int(row), int(column), rows, columns)


def _strength(grey: Array) -> Array:
    """The size of the gradient at every pixel."""
    return np.asarray(np.hypot(*np.gradient(grey.astype(np.float64))))


def _window(shape: tuple[int, ...], plane: Plane) -> tuple[int, int]:
    """Rows and columns of a square whose edge is a part of the plane's shorter one."""
    width, height = plane.size
    edge = _SHARE * min(width, height)
    rows, columns = round(edge * shape[0] / height), round(edge * shape[1] / width)
    return min(max(rows, 2), shape[0]), min(max(columns, 2), shape[1])

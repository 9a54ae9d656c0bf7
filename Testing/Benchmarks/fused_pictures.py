"""Sheets of fused pictures to look at: the sources, some methods and given pictures of the same pairs, row by row.

    python Testing/Benchmarks/fused_pictures.py --a MRI --b PET --methods medfusion,maximum \
        --fused EMFusion=PEERS/EMFusion/PET-MRI --series 41 --count 20 --output sheet.png
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from MedFusionLib.benchmark.cases import Case, Loaded, picture_pairs
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.method import Method
from MedFusionLib.layers import Tone, combine, put_colour_back

Picture = npt.NDArray[np.uint8]
_HEADER = 16


def as_rgb(picture: npt.NDArray[np.generic]) -> Picture:
    """Grey in [0, 1] or 8-bit RGB as 8-bit RGB."""
    if picture.dtype == np.uint8:
        return np.asarray(picture)
    grey = np.round(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    return grey[..., np.newaxis].repeat(3, axis=-1) if grey.ndim == 2 else grey


def row_of(loaded: Loaded, methods: Sequence[Method]) -> list[Picture]:
    """The sources, what each method makes of them, and the given pictures with the source's colour put back."""
    layers = loaded.setting.layers
    sources = [layer.grey if layer.colour is None else layer.colour for layer in layers]
    given = [picture if picture.ndim == 3 else put_colour_back(Tone(picture), layers)
             for picture in loaded.given.values()]
    return [as_rgb(picture) for picture in (*sources, *(combine(method, layers) for method in methods), *given)]


def sheet(cases: Sequence[Case], methods: Sequence[Method]) -> Image.Image:
    """All rows under each other, with the names of the columns above."""
    rows, names = [], []
    for case in cases:
        loaded = case.load()
        rows.append(np.concatenate(row_of(loaded, methods), axis=1))
        names = [layer.name for layer in loaded.setting.layers]
        names += [method.card.title for method in methods] + list(loaded.given)
    picture = np.concatenate(rows, axis=0)
    made = Image.new("RGB", (picture.shape[1], picture.shape[0] + _HEADER))
    made.paste(Image.fromarray(picture), (0, _HEADER))
    writing = ImageDraw.Draw(made)
    for number, name in enumerate(names):
        writing.text((number * picture.shape[1] // len(names) + 4, 2), name, fill="white")
    return made


def main() -> None:
    """Draw the sheet that the command line asks for."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--a", type=Path, required=True, help="pictures of the first source")
    command.add_argument("--b", type=Path, required=True, help="pictures of the second, with the same names")
    command.add_argument("--methods", required=True, help="names of the catalog, with commas between")
    command.add_argument("--fused", action="append", default=[], metavar="NAME=DIR", help="pictures made elsewhere")
    command.add_argument("--series", nargs="+", default=[], help="only these")
    command.add_argument("--count", type=int, default=20, help="how many pairs, evenly spread")
    command.add_argument("--output", type=Path, required=True)
    given = command.parse_args()
    fused = {name: Path(folder) for name, _, folder in (entry.partition("=") for entry in given.fused)}
    cases, _ = picture_pairs((given.a, given.b), fused, given.series, ())
    places = np.unique(np.linspace(0, len(cases) - 1, given.count).round().astype(int))
    methods = [catalog.load(name) for name in given.methods.split(",")]
    sheet([cases[place] for place in places], methods).save(given.output)


if __name__ == "__main__":
    main()

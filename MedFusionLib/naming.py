"""What the name of a file tells: the volume's name, its modality and its unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from MedFusionLib.modality import MODALITIES

_SUFFIX = re.compile(r"(\.nii|\.seg)?\.[a-z]\w{0,4}$", re.IGNORECASE)

_RELATION = {"to", "on", "in", "from", "for"}


def stem(path: Path) -> str:
    """The file's name without its suffix: ``ct`` for ``ct.nii.gz``; a folder's own name."""
    return _SUFFIX.sub("", path.name) or path.name or "volume"


def modality_of(path: Path) -> str:
    """The modality that the file's name tells, or else its folder's name, or else "unknown".

    The name is split into words at whatever is no letter or digit. ``mr_to_ct`` is an MR, but a name
    such as ``pet-ct`` is of two modalities and so decides nothing.
    """
    name = stem(path)
    found = _modalities(name)
    if found:
        return found[0] if len(set(found)) == 1 or _RELATION & set(_words(name)) else "unknown"
    above = set(_modalities(path.absolute().parent.name))
    return above.pop() if len(above) == 1 else "unknown"


def is_suv(name: str) -> bool:
    """True when the name says that the values are standardised uptake values."""
    return any(word in ("suv", "suvbw") for word in _words(name))


def unique(names: Iterable[str]) -> list[str]:
    """The names, with ``-2``, ``-3`` ... put behind those that were there before."""
    taken: set[str] = set()
    result = []
    for name in names:
        free, count = name, 1
        while free in taken:
            count += 1
            free = f"{name}-{count}"
        taken.add(free)
        result.append(free)
    return result


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]


def _modalities(name: str) -> list[str]:
    words = _words(name)
    known = {word: entry.name for entry in MODALITIES.values() for word in entry.words}
    # "ct2" is a CT, yet "t1" must be looked up before its digit is taken off.
    found = [known[form] for word in words for form in (word, word.rstrip("0123456789")) if form in known]
    if not found and words:
        found = [entry.name for entry in MODALITIES.values() if words[-1] in entry.last_words]
    return found

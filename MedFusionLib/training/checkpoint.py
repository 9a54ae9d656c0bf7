"""Where a training stands, in one safetensors file: plain numbers, and their names as JSON in its header.

Nothing is pickled. The file is replaced whole, so that it is complete whenever a training ends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from MedFusionLib.errors import BadInput
from MedFusionLib.files import locate, write_whole

FORMAT = 1
NAME = "checkpoint.safetensors"
_MEND = "Start again in a new folder"


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Write ``state``, nested dicts and lists of tensors, numbers, text and None, in the place of what was there."""
    from safetensors.torch import save as to_bytes

    tensors: dict[str, Tensor] = {}
    outline = json.dumps({"format": FORMAT, "state": _outline(state, tensors)})
    write_whole(path, to_bytes(tensors, {"outline": outline}))


def load(path: Path) -> dict[str, Any]:
    """The state that :func:`save` wrote, on the CPU; raises ``BadInput`` when it is missing or damaged."""
    from safetensors import SafetensorError, safe_open

    file = locate(path)
    try:
        with safe_open(file, "pt") as opened:
            outline = json.loads((opened.metadata() or {})["outline"])
            if outline["format"] != FORMAT:
                raise BadInput(f"{file.name} is of format {outline['format']}, not {FORMAT}", _MEND)
            names = opened.keys()
            state: dict[str, Any] = _filled(outline["state"], {name: opened.get_tensor(name) for name in names})
            return state
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{file.name} is no complete checkpoint ({error})", _MEND) from None


def _outline(value: Any, tensors: dict[str, Tensor]) -> Any:
    """``value`` as JSON can hold it; its tensors go to ``tensors`` and leave their names."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # A copy of its own, because safetensors takes no two tensors that share memory.
        tensors[name] = value.detach().to("cpu", copy=True).contiguous()
        return {"tensor": name}
    if isinstance(value, Mapping):
        # As pairs, because an optimiser's state has numbers for keys.
        return {"mapping": [[key, _outline(entry, tensors)] for key, entry in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_outline(entry, tensors) for entry in value]
    return value


def _filled(outline: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """What ``_outline`` was made of."""
    if isinstance(outline, list):
        return [_filled(entry, tensors) for entry in outline]
    if not isinstance(outline, dict):
        return outline
    if "tensor" in outline:
        return tensors[outline["tensor"]]
    return {key: _filled(entry, tensors) for key, entry in outline["mapping"]}

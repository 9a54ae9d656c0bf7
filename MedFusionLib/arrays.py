"""One text for numpy arrays and torch tensors: the Array API namespace of what comes in.

numpy 2.1 is such a namespace itself, so that numpy arrays need no further package; tensors go through
array-api-compat.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np


def is_numpy_array(array: Any) -> bool:
    """True for numpy arrays and scalars."""
    return isinstance(array, (np.ndarray, np.generic))


def is_torch_array(array: Any) -> bool:
    """True for torch tensors; does not import torch."""
    return type(array).__module__.partition(".")[0] == "torch"


def array_namespace(*arrays: Any) -> ModuleType:
    """The module whose functions (Array API standard) work on ``arrays``; raises ``TypeError`` for a mixture."""
    if all(is_numpy_array(array) for array in arrays):
        return np
    import array_api_compat

    namespace: ModuleType = array_api_compat.array_namespace(*arrays)
    return namespace


def device(array: Any) -> Any:
    """Where ``array`` lives, as its namespace's functions take it."""
    return array.device

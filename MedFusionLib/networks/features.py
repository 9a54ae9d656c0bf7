"""Feature maps of each source by one shared network, and the rules that join them; any order of any number of sources.

Feature maps of several sources are ``(batch, source, channel, *spatial)``, joined ones ``(batch, channel, *spatial)``.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

_FLOOR = 1e-6
_BOX: dict[int, Callable[..., Tensor]] = {2: functional.avg_pool2d, 3: functional.avg_pool3d}


def apply_to_each(network: nn.Module, sources: Tensor) -> Tensor:
    """``network`` applied to every source alike: (batch, source, channel, *spatial) to the same layout."""
    batch, count = sources.shape[:2]
    features: Tensor = network(sources.flatten(0, 1))
    return features.reshape(batch, count, *features.shape[1:])


def maximum(features: Tensor) -> Tensor:
    """The greatest of the sources' features."""
    return features.amax(1)


def mean(features: Tensor) -> Tensor:
    """The mean of the sources' features."""
    return features.mean(1)


def total(features: Tensor) -> Tensor:
    """The sum of the sources' features."""
    return features.sum(1)


def box_mean(maps: Tensor) -> Tensor:
    """The mean in a box of three voxels an edge, of those that exist at a border; (batch, channel, *spatial)."""
    return _BOX[maps.ndim - 2](maps, 3, stride=1, padding=1, count_include_pad=False)


def l1_weights(features: Tensor) -> Tensor:
    """Weights (batch, source, *spatial) that add to 1, in proportion to the l1 activity of the features.

    The activity is the sum of the absolute features over the channels, averaged in a box of three voxels an edge
    (H. Li and X.-J. Wu, DenseFuse, IEEE Transactions on Image Processing 28(5), 2019).
    """
    activity = box_mean(features.abs().sum(2)) + _FLOOR
    return activity / activity.sum(1, keepdim=True)


def l1(features: Tensor) -> Tensor:
    """The mean of the sources' features weighted by their l1 activity."""
    return (l1_weights(features).unsqueeze(2) * features).sum(1)


#: The rules that join feature maps, by name.
RULES: dict[str, Callable[[Tensor], Tensor]] = {"max": maximum, "mean": mean, "sum": total, "l1": l1}

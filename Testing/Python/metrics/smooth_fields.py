"""Pictures and volumes for metrics, and a metric's value for one of them."""

import numpy as np
from scipy import ndimage

from MedFusionLib.metrics import metric


def smooth(seed, shape, sigma=1.2):
    """Smoothed noise of ``shape``, stretched to [0, 1], in 8 bits."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), sigma)
    return np.round(255 * (field - field.min()) / np.ptp(field)) / 255


def triple(shape):
    """A fused picture or volume and two sources."""
    return tuple(smooth(seed, shape) for seed in (1, 2, 3))


def value(name, fused, *sources):
    """The metric ``name`` of one item."""
    return float(metric(name).function(fused[None], np.stack(sources)[None])[0])

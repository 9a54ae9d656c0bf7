"""The engine for volumes that share a frame already: it moves nothing beyond the given start."""

from __future__ import annotations

import SimpleITK as sitk

from MedFusionLib.registration.settings import RegistrationSettings, Request
from MedFusionLib.registration.transforms import compose

TRANSFORMS = ("rigid", "similarity", "affine", "bspline")


def available(settings: RegistrationSettings) -> str:
    """Always usable: the empty string."""
    return ""


def register(request: Request) -> sitk.Transform:
    """The identity, or the transform given as the start; volumes are resampled, not moved."""
    given = [request.initial] if request.initial is not None else []
    return compose(given, request.fixed.dimension)

"""Registration: align a moving volume to a fixed one, and judge the outcome.

``register(fixed, moving, settings)`` runs the back end that the settings name ("auto" by default) and returns a
:class:`~MedFusionLib.registration.settings.Registration` with the transform and the verdict.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from MedFusionLib.errors import BadInput
from MedFusionLib.progress import Progress, silent, within
from MedFusionLib.registration.settings import Points, Registration, RegistrationSettings, Request, Verdict

if TYPE_CHECKING:
    import SimpleITK as sitk

    from MedFusionLib.registration.auto import Outcome
    from MedFusionLib.volume import Volume

__all__ = ["Registration", "RegistrationSettings", "Verdict", "register"]


def register(
    fixed: Volume,
    moving: Volume,
    settings: RegistrationSettings | None = None,
    *,
    fixed_mask: Volume | None = None,
    moving_mask: Volume | None = None,
    initial: sitk.Transform | None = None,
    fixed_points: Points | None = None,
    moving_points: Points | None = None,
    progress: Progress = silent,
) -> Registration:
    """Find the transform from ``fixed`` to ``moving`` (LPS, mm) and judge it.

    Masks, an initial transform and landmarks may be given here, or named as files in ``settings``. Raises
    ``BadInput`` before any work for what cannot succeed, ``RegistrationFailed`` when an engine ends without a
    transform, and lets ``Cancelled`` of ``progress`` pass. A bad result is not raised: read ``verdict``.
    """
    settings = settings or RegistrationSettings()
    request = Request(fixed, moving, settings, fixed_mask, moving_mask, initial, fixed_points, moving_points, progress)
    request = _load(request)
    _check(request)
    started = time.perf_counter()
    outcome, evidence = _run(request)
    from MedFusionLib.registration.verdict import judge

    seconds = time.perf_counter() - started
    return Registration(outcome.transform, outcome.engine, settings, judge(evidence), seconds, outcome.notes)


def _load(request: Request) -> Request:
    """The request with what its settings name as files: masks and landmarks."""
    from MedFusionLib.registration.masks import checked
    from MedFusionLib.registration.points import read_pairs

    settings = request.settings
    fixed_mask = request.fixed_mask or _mask(settings.fixed_mask, request.fixed)
    moving_mask = request.moving_mask or _mask(settings.moving_mask, request.moving)
    request = replace(
        request,
        fixed_mask=checked(fixed_mask, request.fixed) if fixed_mask else None,
        moving_mask=checked(moving_mask, request.moving) if moving_mask else None,
    )
    if settings.landmarks and request.fixed_points is None:
        fixed_points, moving_points = read_pairs(settings.landmarks)
        request = replace(request, fixed_points=fixed_points, moving_points=moving_points)
    return request


def _mask(path: str, volume: Volume) -> Volume | None:
    """The mask in the file ``path`` for ``volume``, None without a path."""
    from MedFusionLib.volume import Volume

    return Volume.read_mask(path, on=volume) if path else None


def _check(request: Request) -> None:
    """Refuse what no back end can do."""
    from MedFusionLib.registration.engines import ENGINES, engine

    for volume in (request.fixed, request.moving):
        if volume.dimension != 3:
            raise BadInput(f"{volume.name} is a picture", "Pictures are fused as registered; give volumes")
    settings = request.settings
    if settings.method == "auto":
        return
    chosen = engine(settings.method)
    if settings.transform not in chosen.transforms:
        kinds = ", ".join(chosen.transforms)
        raise BadInput(f"back end {settings.method} has no {settings.transform} transform", f"It has {kinds}")
    reason = ENGINES[settings.method].available(settings)
    if reason:
        raise BadInput(f"registration method '{settings.method}' is not available: {reason}", "Choose another method")


def _run(request: Request) -> tuple[Outcome, dict[str, float]]:
    """The outcome of the request's back end, and the evidence on it."""
    from MedFusionLib.registration import auto
    from MedFusionLib.registration.evidence import Pair, gather

    first, second = within(request.progress, "register", 0.0, 0.75), within(request.progress, "register", 0.75, 1.0)
    pair = Pair.of(request)
    request = replace(request, progress=first)
    if _same_frame(request):
        outcome = auto.one_engine(pair, request, "none")
        note = "the volumes share a DICOM frame of reference, which the settings trust: not registered"
        outcome = replace(outcome, notes=(note, *outcome.notes))
    elif request.settings.method == "auto":
        outcome = auto.register(pair, request)
    else:
        outcome = auto.one_engine(pair, request, request.settings.method)
    return outcome, gather(pair, request, outcome.transform, outcome.independent, second)


def _same_frame(request: Request) -> bool:
    """True when the volumes share a DICOM frame of reference and the settings say to trust it."""
    shared = request.fixed.frame_of_reference
    return request.settings.trust_frame_of_reference and bool(shared) and shared == request.moving.frame_of_reference

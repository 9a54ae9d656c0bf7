"""The factor from Bq/ml to the standardised uptake value by body weight.

SUVbw = activity (Bq/ml) x weight (g) / dose at the time to which the images are decay-corrected (Bq).
Source: QIBA, SUV calculation from DICOM, vendor-neutral pseudo-code; DICOM PS3.3 C.8.9.1.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any


class NoFactorError(Exception):
    """Why the factor cannot be told."""


def factor(path: Path) -> float:
    """SUV per Bq/ml (g/ml per Bq/ml = g/Bq) of the PET slice at ``path``; raises ``NoFactorError``."""
    try:
        from pydicom import dcmread
    except ImportError:
        raise NoFactorError("pydicom is not installed") from None
    data = dcmread(path, stop_before_pixels=True)
    corrected = list(data.get("CorrectedImage", []))
    if "DECY" not in corrected or "ATTN" not in corrected:
        raise NoFactorError("the images are not corrected for decay and attenuation")
    drugs = data.get("RadiopharmaceuticalInformationSequence")
    if not drugs:
        raise NoFactorError("the radiopharmaceutical is missing")
    weight = _positive(data, "PatientWeight", "the patient's weight")
    dose = _positive(drugs[0], "RadionuclideTotalDose", "the injected dose")
    half_life = _positive(drugs[0], "RadionuclideHalfLife", "the half-life")
    left: float = dose * 2.0 ** (-_decay_seconds(data, drugs[0]) / half_life)
    return weight * 1000.0 / left


def _decay_seconds(data: Any, drug: Any) -> float:
    """Seconds from the injection to the time to which the activity is corrected."""
    correction = str(data.get("DecayCorrection", ""))
    if correction == "ADMIN":
        return 0.0
    if correction != "START":
        raise NoFactorError(f"decay correction is '{correction}'")
    start = _moment(data.get("SeriesDate"), data.get("SeriesTime"), "series time")
    acquired = _moment(data.get("AcquisitionDate"), data.get("AcquisitionTime"), "acquisition time")
    if start > acquired:
        raise NoFactorError("the series time is later than the acquisition time (the series was post-processed)")
    whole = str(drug.get("RadiopharmaceuticalStartDateTime", "") or "")
    given = _moment(whole[:8], whole[8:], "injection time") if whole else \
        _moment(data.get("SeriesDate"), drug.get("RadiopharmaceuticalStartTime"), "injection time")
    if not whole and given > start:
        given -= timedelta(days=1)
    seconds = (start - given).total_seconds()
    if not 0 <= seconds < 86400:
        raise NoFactorError(f"the injection was {seconds:.0f} s before the scan")
    return seconds


def _moment(date: Any, time: Any, what: str) -> datetime:
    clock = str(time or "").split("+")[0].split("-")[0]
    try:
        return datetime.strptime(f"{date} {clock[:6].ljust(6, '0')}", "%Y%m%d %H%M%S")
    except ValueError:
        raise NoFactorError(f"the {what} is missing") from None


def _positive(data: Any, keyword: str, what: str) -> float:
    value = data.get(keyword)
    if value in (None, "") or float(value) <= 0:
        raise NoFactorError(f"{what} is missing")
    return float(value)

"""The library's side of the mailbox: an engine asks, and takes the answer, the words and the silence of Slicer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import SimpleITK as sitk
import two_scanners

from MedFusionLib.errors import BadInput, Cancelled, RegistrationFailed
from MedFusionLib.registration import brainsfit, elastix, mailbox
from MedFusionLib.registration.engines import ENGINES
from MedFusionLib.registration.settings import RegistrationSettings, Request

SHIFT = sitk.TranslationTransform(3, (3.0, -4.0, 5.0))
Answer = Callable[[dict[str, Any], Path], dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mailbox that offers both programs, to a process that has neither itself."""
    monkeypatch.setenv(mailbox.FOLDER, str(tmp_path))
    monkeypatch.setenv(mailbox.PROGRAMS, "brainsfit,elastix")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(brainsfit.VARIABLE, raising=False)
    monkeypatch.setattr(elastix, "installed", lambda: False)
    monkeypatch.setattr(brainsfit, "best_start", lambda request: SHIFT)
    return tmp_path


@pytest.fixture
def slicer_answers(folder: Path) -> Iterator[Callable[[Answer], list[dict[str, Any]]]]:
    """Starts a stand-in for Slicer that answers one request with what the test says; gives the requests seen."""
    seen: list[dict[str, Any]] = []
    threads: list[threading.Thread] = []

    def serve(answer: Answer) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and not seen:
            for path in folder.glob("*.request.json"):
                seen.append(json.loads(path.read_text()))
                number = path.name.removesuffix(mailbox.REQUEST)
                told = answer(seen[-1], folder / f"{number}{mailbox.SAID}")
                mailbox.write(folder / f"{number}{mailbox.ANSWER}", told)
            time.sleep(0.02)

    def start(answer: Answer) -> list[dict[str, Any]]:
        threads.append(threading.Thread(target=serve, args=(answer,)))
        threads[-1].start()
        return seen

    yield start
    for thread in threads:
        thread.join()


def request(method: str, transform: str = "rigid", progress: Any = None) -> Request:
    settings = RegistrationSettings(method=method, transform=transform)
    quiet = progress or (lambda stage, fraction, message="": None)
    return Request(two_scanners.ct(), two_scanners.mr(), settings, progress=quiet)


def leave(key: str) -> Answer:
    """Slicer as it should be: writes ``SHIFT`` to the path that ``key`` names."""

    def answer(asked: dict[str, Any], said: Path) -> dict[str, Any]:
        sitk.WriteTransform(SHIFT, asked["parameters"][key])
        return {"code": 0, "text": ""}

    return answer


def test_brainsfit_is_asked_for_with_its_own_names_and_its_transform_is_taken(folder, slicer_answers) -> None:
    seen = slicer_answers(leave("linearTransform"))
    found = ENGINES["brainsfit"].register(request("brainsfit"))
    assert found.TransformPoint((1.0, 2.0, 3.0)) == pytest.approx((4.0, -2.0, 8.0))
    asked = seen[0]["parameters"]
    assert seen[0]["program"] == "brainsfit"
    assert asked["useRigid"] is True
    assert {"fixedVolume", "movingVolume", "initialTransform", "samplingPercentage"} <= asked.keys()
    assert list(folder.iterdir()) == []


def test_elastix_is_asked_for_with_the_files_of_its_job(folder, slicer_answers) -> None:
    existing: list[bool] = []

    def answer(asked: dict[str, Any], said: Path) -> dict[str, Any]:
        job = asked["parameters"]
        existing.extend(Path(path).is_file() for path in (job["fixed"], job["moving"], job["initial"]))
        existing.extend(Path(path).is_file() for path in job["parameters"])
        return leave("result")(asked, said)

    seen = slicer_answers(answer)
    found = ENGINES["elastix"].register(request("elastix", "affine"))
    assert found.TransformPoint((1.0, 2.0, 3.0)) == pytest.approx((4.0, -2.0, 8.0))
    assert existing == [True] * 5
    assert seen[0]["parameters"]["fixed_mask"] == ""
    assert list(folder.iterdir()) == []


def test_the_programs_words_become_progress_while_it_runs(folder, slicer_answers) -> None:
    told: list[str] = []

    def answer(asked: dict[str, Any], said: Path) -> dict[str, Any]:
        said.write_text("Starting Transform Estimations for Rigid(1 of 1).\nhalf a li")
        until = time.monotonic() + 10
        while "brainsfit: Rigid(1 of 1)" not in told and time.monotonic() < until:
            time.sleep(0.02)
        return leave("linearTransform")(asked, said)

    slicer_answers(answer)
    brainsfit.register(request("brainsfit", progress=lambda stage, fraction, message="": told.append(message)))
    assert "brainsfit: Rigid(1 of 1)" in told


def test_slicers_words_are_in_the_failure(folder, slicer_answers) -> None:
    slicer_answers(lambda asked, said: {"code": 1, "text": "Error: All samples map outside moving image buffer"})
    with pytest.raises(RegistrationFailed, match="All samples map outside"):
        brainsfit.register(request("brainsfit"))
    assert list(folder.iterdir()) == []


def test_an_answer_without_a_transform_is_a_failure(folder, slicer_answers) -> None:
    slicer_answers(lambda asked, said: {"code": 0, "text": ""})
    with pytest.raises(RegistrationFailed, match="left no transform"):
        brainsfit.register(request("brainsfit"))


def test_a_cancel_takes_the_request_back(folder) -> None:
    def stop(stage: str, fraction: float, message: str = "") -> None:
        assert [path.name.endswith(mailbox.REQUEST) for path in folder.iterdir()] == [True]
        raise Cancelled

    with pytest.raises(Cancelled):
        brainsfit.register(request("brainsfit", progress=stop))
    assert list(folder.iterdir()) == []


def test_a_mailbox_that_is_gone_ends_the_waiting(folder) -> None:
    def remove(stage: str, fraction: float, message: str = "") -> None:
        for path in folder.iterdir():
            path.unlink()

    with pytest.raises(Cancelled, match="Slicer no longer runs brainsfit"):
        brainsfit.register(request("brainsfit", progress=remove))


def test_an_executable_that_the_user_named_goes_before_slicers(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert brainsfit.by_mail(RegistrationSettings())
    assert not brainsfit.by_mail(RegistrationSettings(executable="/opt/BRAINSFit"))
    monkeypatch.setenv(brainsfit.VARIABLE, "/opt/BRAINSFit")
    assert not brainsfit.by_mail(RegistrationSettings())


def test_only_what_slicer_offers_is_available(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ENGINES["brainsfit"].available() == ENGINES["elastix"].available() == ""
    monkeypatch.setenv(mailbox.PROGRAMS, "elastix")
    assert "no BRAINSFit found" in ENGINES["brainsfit"].available()
    monkeypatch.delenv(mailbox.FOLDER)
    with pytest.raises(BadInput, match="pip install itk-elastix"):
        ENGINES["elastix"].register(request("elastix"))

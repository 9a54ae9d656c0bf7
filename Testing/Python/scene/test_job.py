"""A job ends in one of three ways, tells which, and leaves nothing behind but its result."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

import pytest
from stand_in import StandInTask, install, launcher, stage

from MedFusionLib.errors import (
    BadInput,
    Cancelled,
    MedFusionError,
    MissingDependency,
    RegistrationFailed,
    RegistrationRejected,
    as_data,
)
from MedFusionLib.scene.job import Job

slicer = pytest.importorskip("slicer")
LONG = ("sleep", 60)


@pytest.fixture
def scene(tmp_path, monkeypatch):
    install(tmp_path / "library", monkeypatch)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return slicer.vtkMRMLScene()


def alive(process: int) -> bool:
    """Whether a process runs (one that has ended and waits for its parent does not)."""
    try:
        with open(f"/proc/{process}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(job: Job, name: str) -> None:
    """Poll until the stage ``name`` is told."""
    while job.poll() and job.stage != name:
        time.sleep(0.005)
    assert job.stage == name


def assert_nothing_left(job: Job, task: StandInTask, scene) -> None:
    assert not task.folder.exists()
    assert not alive(job._child._process.pid)
    assert not scene.HasObserver(slicer.vtkMRMLScene.StartCloseEvent)
    assert not job.poll()


def test_a_job_tells_its_progress_and_gives_what_the_task_adds(scene) -> None:
    told, ended = [], []
    task = StandInTask(scene, [stage("read"), stage("fuse", 0.5, "CT + MR"), ("say", {"done": True, "answer": 42})])
    job = Job(scene, task, lambda *given: told.append(given), ended.append)
    assert job.state == "running"
    node = job.wait()
    assert told == [("read", 0.0, ""), ("fuse", 0.5, "CT + MR"), ("show", 0.0, "")]
    assert task.said == {"done": True, "answer": 42}
    assert (job.state, job.result, job.error) == ("done", node, None)
    assert ended == [job]
    assert 0 < job.seconds < 60
    assert scene.GetNumberOfNodes() == 1
    assert_nothing_left(job, task, scene)


@pytest.mark.parametrize("error", [
    BadInput("levels = 99 is out of range", "Use 1 to 8"), MissingDependency("method x needs torch", "Install it"),
    RegistrationFailed("elastix: too far"), RegistrationRejected("rejected: flip"), MedFusionError("else"),
], ids=lambda error: type(error).__name__)
def test_an_error_of_the_child_comes_back_as_what_it_was(scene, error) -> None:
    task = StandInTask(scene, [("say", as_data(error)), ("exit", error.exit_code)])
    job = Job(scene, task)
    with pytest.raises(type(error)) as caught:
        job.wait()
    assert type(caught.value) is type(error)
    assert str(caught.value) == str(error)
    assert getattr(caught.value, "mend", "") == getattr(error, "mend", "")
    assert job.state == "failed"
    assert job.error is caught.value
    assert scene.GetNumberOfNodes() == 0
    assert_nothing_left(job, task, scene)


@pytest.mark.parametrize(("step", "words"), [(("raise", "oops"), "ValueError: oops"), (("die", 0), "signal 9"),
                                             (("exit", 7), "code 7")])
def test_a_child_that_breaks_is_told_with_its_last_words(scene, step, words) -> None:
    task = StandInTask(scene, [step])
    job = Job(scene, task)
    with pytest.raises(MedFusionError, match=words):
        job.wait()
    assert_nothing_left(job, task, scene)
    assert ("Traceback" in job.log) == (step[0] == "raise")


def test_cancel_ends_the_child_within_a_second_and_leaves_nothing(scene) -> None:
    ended = []
    task = StandInTask(scene, [("write", "temporary/half.nii"), stage("register", 0.2), LONG])
    job = Job(scene, task, done=ended.append)
    until(job, "register")
    started = time.perf_counter()
    job.cancel()
    assert time.perf_counter() - started < 1
    assert (job.state, ended) == ("cancelled", [job])
    assert scene.GetNumberOfNodes() == 0
    assert_nothing_left(job, task, scene)
    with pytest.raises(Cancelled):
        job.wait()
    job.cancel()
    assert ended == [job]


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks for processes in /proc")
def test_cancel_ends_a_child_that_does_not_listen_and_the_programs_it_has_started(scene) -> None:
    task = StandInTask(scene, [("deaf", 0), ("start", 0), LONG])
    job = Job(scene, task)
    until(job, "started")
    program = int(job.message)
    assert alive(program)
    started = time.perf_counter()
    job.cancel()
    assert time.perf_counter() - started < 1
    assert_nothing_left(job, task, scene)
    assert not alive(program)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks for processes in /proc")
@pytest.mark.parametrize("steps", [(), (("deaf", 0),)], ids=["listens", "does not listen"])
def test_cancel_reaches_through_slicers_launcher(scene, tmp_path, monkeypatch, steps) -> None:
    monkeypatch.setattr("sys.executable", str(launcher(tmp_path)))
    task = StandInTask(scene, [*steps, ("tell process", 0), LONG])
    job = Job(scene, task)
    until(job, "process")
    worker = int(job.message)
    assert alive(worker)
    assert worker != job._child._process.pid
    started = time.perf_counter()
    job.cancel()
    assert time.perf_counter() - started < 1
    assert_nothing_left(job, task, scene)
    assert not alive(worker)


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for the launcher is a shell script")
def test_a_child_that_is_killed_below_slicers_launcher_is_told(scene, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("sys.executable", str(launcher(tmp_path)))
    job = Job(scene, StandInTask(scene, [("die", 0)]))
    with pytest.raises(MedFusionError, match="was killed"):
        job.wait()
    job = Job(scene, StandInTask(scene, [("say", as_data(BadInput("wrong", "Mend it"))), ("exit", 2)]))
    with pytest.raises(BadInput, match="Mend it"):
        job.wait()


def test_cancel_before_the_child_has_begun_leaves_nothing(scene) -> None:
    task = StandInTask(scene, [LONG])
    job = Job(scene, task)
    job.cancel()
    assert_nothing_left(job, task, scene)


def test_closing_the_scene_cancels(scene) -> None:
    task = StandInTask(scene, [stage("fuse"), LONG])
    job = Job(scene, task)
    until(job, "fuse")
    scene.Clear(0)
    assert job.state == "cancelled"
    assert_nothing_left(job, task, scene)


@pytest.mark.parametrize("place", ["read", "add"])
def test_a_failure_after_the_child_leaves_the_scene_alone(scene, place) -> None:
    task = StandInTask(scene, [], {place: RuntimeError("planted")})
    job = Job(scene, task)
    with pytest.raises(MedFusionError, match="RuntimeError: planted"):
        job.wait()
    assert job.state == "failed"
    assert scene.GetNumberOfNodes() == 0
    assert_nothing_left(job, task, scene)


def test_a_failure_before_the_child_is_raised_at_once_and_nothing_was_started(scene, tmp_path) -> None:
    before = set(tmp_path.iterdir())
    task = StandInTask(scene, [], {"prepare": BadInput("no voxels", "Load it again")})
    with pytest.raises(BadInput, match="no voxels"):
        Job(scene, task)
    assert set(tmp_path.iterdir()) == before
    assert not scene.HasObserver(slicer.vtkMRMLScene.StartCloseEvent)


@pytest.mark.parametrize(("raised", "state"), [(Cancelled(), "cancelled"), (RuntimeError("planted"), "failed")])
def test_a_progress_that_raises_ends_the_job(scene, raised, state) -> None:
    def progress(stage: str, fraction: float, message: str = "") -> None:
        raise raised

    task = StandInTask(scene, [stage("fuse"), LONG])
    job = Job(scene, task, progress)
    with pytest.raises(MedFusionError):
        job.wait()
    assert job.state == state
    assert_nothing_left(job, task, scene)


def test_polling_and_cancelling_from_within_the_progress_is_safe(scene) -> None:
    task = StandInTask(scene, [stage("fuse"), LONG])
    seen = []

    def progress(stage: str, fraction: float, message: str = "") -> None:
        seen.append(job.poll())
        job.cancel()

    job = Job(scene, task, progress)
    with pytest.raises(Cancelled):
        job.wait()
    assert seen == [True]
    assert_nothing_left(job, task, scene)


def test_waiting_can_be_left_and_taken_up_again(scene) -> None:
    task = StandInTask(scene, [("sleep", 0.3)])
    job = Job(scene, task)
    with pytest.raises(TimeoutError):
        job.wait(timeout=0.01)
    assert job.state == "running"
    assert job.wait() is job.result


def test_waiting_lets_the_application_process_its_events_and_an_interrupt_cancels(scene, monkeypatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(slicer, "app", SimpleNamespace(processEvents=interrupt), raising=False)
    task = StandInTask(scene, [LONG])
    job = Job(scene, task)
    with pytest.raises(KeyboardInterrupt):
        job.wait()
    assert job.state == "cancelled"
    assert_nothing_left(job, task, scene)


def test_a_mailbox_that_fails_to_close_keeps_neither_process_nor_file(scene, monkeypatch) -> None:
    def fail(mailbox: object) -> None:
        raise RuntimeError("planted")

    ended = []
    task = StandInTask(scene, [stage("fuse"), LONG])
    job = Job(scene, task, done=ended.append)
    until(job, "fuse")
    monkeypatch.setattr("MedFusionLib.scene.mailbox.Mailbox.close", fail)
    with pytest.raises(RuntimeError, match="planted"):
        job.cancel()
    assert ended == [job]
    assert_nothing_left(job, task, scene)


def test_a_cancel_that_comes_while_the_result_is_added_takes_it_back(scene) -> None:
    task = StandInTask(scene, [("say", {"done": True, "answer": 42})])
    job = Job(scene, task)
    count = scene.GetNumberOfNodes()
    seen = scene.AddObserver(scene.NodeAddedEvent, lambda caller, event: job.cancel())
    while job.poll():
        time.sleep(0.005)
    scene.RemoveObserver(seen)
    assert job.state == "cancelled"
    assert job.result is None
    assert scene.GetNumberOfNodes() == count
    assert_nothing_left(job, task, scene)

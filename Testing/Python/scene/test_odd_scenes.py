"""Bad and odd scenes through the logic: one clear line that names the node and the mend, and the scene untouched."""

from __future__ import annotations

import pytest
from odd_scene_cases import ALL, LEGAL, REFUSED, Case
from scene_digest import changes, scene_digest

from MedFusionLib import Recipe
from MedFusionLib.errors import BadInput, MedFusionError
from MedFusionLib.scene import MedFusionLogic
from MedFusionLib.scene.display import add_slice_views

slicer = pytest.importorskip("slicer")
RECIPE = Recipe(method="maximum", registration="none", on_rejection="continue", metrics=("entropy",))


@pytest.fixture
def scene() -> object:
    scene = slicer.vtkMRMLScene()
    add_slice_views(scene)
    return scene


def named(cases: tuple[Case, ...], late: bool) -> list:
    return [pytest.param(case, id=case.name) for case in cases if case.late is late]


def refusal(scene, case: Case, recipe: Recipe = RECIPE) -> str:
    """The message with which ``case`` is refused, the scene being as it was."""
    given = case.build(scene)
    before = scene_digest(scene)
    with pytest.raises(MedFusionError) as caught:
        MedFusionLogic(scene).fuse(given.fixed, given.moving, recipe, **given.options)
    assert not changes(before, scene_digest(scene))
    if not case.late:
        assert isinstance(caught.value, BadInput)
        assert caught.value.mend
    return str(caught.value)


@pytest.mark.parametrize("case", named(REFUSED, late=False))
def test_a_bad_scene_is_refused_in_one_line_and_left_alone(scene, case: Case, monkeypatch) -> None:
    def no_child(*_: object) -> None:
        pytest.fail("a process was started for inputs that cannot work")

    monkeypatch.setattr("MedFusionLib.scene.job.Child", no_child)
    message = refusal(scene, case)
    assert "\n" not in message
    assert len(message) < 300
    missing = [piece for piece in case.says if piece not in message]
    assert not missing, message


@pytest.mark.slow
@pytest.mark.parametrize("case", named(REFUSED, late=True))
def test_what_only_the_run_finds_is_told_and_nothing_is_added(scene, case: Case) -> None:
    message = refusal(scene, case, Recipe(method="maximum", registration="none"))
    assert all(piece in message for piece in case.says), message


@pytest.mark.slow
@pytest.mark.parametrize("case", named(LEGAL, late=False))
def test_an_odd_scene_that_is_legal_is_fused_and_the_inputs_stay_as_they_were(scene, case: Case) -> None:
    given = case.build(scene)
    before = scene_digest(scene)
    result = MedFusionLogic(scene).fuse(given.fixed, given.moving, RECIPE, **given.options)
    after = scene_digest(scene)
    assert result.fusedVolume.GetImageData().GetNumberOfPoints()
    # Views and the folder tree show the outcome; everything else is as it was.
    mine = {name for name in before if name not in ("order", "xml") and not _shows(scene, name)}
    assert not [name for name in mine if before[name] != after[name]]


def test_there_are_more_than_thirty_cases_and_no_name_is_given_twice() -> None:
    names = [case.name for case in ALL]
    assert len(set(names)) == len(names) > 30


def _shows(scene, name: str) -> bool:
    kinds = ("vtkMRMLAbstractViewNode", "vtkMRMLSliceCompositeNode", "vtkMRMLSubjectHierarchyNode", "vtkMRMLLayoutNode")
    return any(scene.GetNodeByID(name).IsA(kind) for kind in kinds)

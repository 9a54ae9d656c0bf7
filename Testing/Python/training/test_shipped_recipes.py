"""The recipes that ship: each can be read, none learns from a test series, and each trains."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import phantom
from made_training import write_pairs

from MedFusionLib.networks.catalog import NETWORKS
from MedFusionLib.resources import resource
from MedFusionLib.training import DataSet, TrainingRecipe, train
from MedFusionLib.training.finish import recipe_file
from MedFusionLib.training.series import split

FILES = sorted(resource("Training").glob("*.json"))
RECIPES = {file.stem: TrainingRecipe.read(file) for file in FILES}
#: As the data's own description has them; of 41 the last 40 slices, and a gap of 10 before them.
TEST = {"CT": {"34", "37"}, "SPECT": {"14", "29", "35"}, "sts": {"038", "040", "042", "043", "048"}}


def slices_of(data: DataSet) -> dict[str, list[str]]:
    """The series of the real data with made slices, for the folders that a data set names."""
    series = {
        "CT-MRI": {"2": 19, "16": 18, "20": 18, "21": 17, "28": 16, "32": 18, "34": 21, "37": 20},
        "PET-MRI": {"25": 94, "41": 93},
        "SPECT-MRI": {"3": 36, "4": 14, "9": 35, "10": 37, "11": 14, "18": 34, "21": 17, "22": 19, "25": 19, "28": 16,
                      "29": 17, "35": 16},
        "sts": {f"STS_{number:03d}": 1 for number in
                (1, 2, 4, 5, 6, 8, 12, 14, 15, 19, 22, 23, 24, 25, 28, 29, 31, 32, 34, 35, 36, 38, 40, 42, 43, 48)},
    }
    owner = data.cases or data.a.split("/")[1]
    return {name: [f"{name} {place:03d}" for place in range(count)] for name, count in series[owner].items()}


def is_test(data: DataSet, name: str) -> bool:
    """Whether a made slice is of the test series, or of the gap before those of PET-MRI."""
    series, place = name.rsplit(" ", 1)
    if data.cases:
        return series.removeprefix("STS_") in TEST["sts"]
    kind = data.a.split("/")[1].partition("-")[0]
    return (series == "41" and int(place) >= 93 - 50) if kind == "PET" else series in TEST[kind]


@pytest.mark.parametrize("name", RECIPES)
def test_no_test_series_enters_training_or_validation(name):
    for data in RECIPES[name].data:
        learned, held = split(data, slices_of(data))
        assert not [slice_ for slice_ in learned | held if is_test(data, slice_)]
        assert data.terms


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Folders as those of the real data, with small made pictures and the phantom in them."""
    made = tmp_path_factory.mktemp("root")
    for folders, coloured in (("CT-MRI/CT MRI", False), ("PET-MRI/PET MRI", True), ("SPECT-MRI/SPECT MRI", True)):
        pair, _, second = folders.partition(" ")
        place = write_pairs(made / "written" / pair, slices=2, colour=coloured)
        target = made / "harvard" / pair.split("/")[0]
        target.mkdir(parents=True)
        (place / "a").rename(target / pair.split("/")[1])
        (place / "b").rename(target / second)
    for number, case in enumerate(("STS_901", "STS_902")):
        (made / "sts" / case).mkdir(parents=True)
        for modality, file in (("CT", "CT"), ("MR", "MR_T1"), ("PET", "PET")):
            phantom.volume(modality, seed=number).write(made / "sts" / case / f"{file}_image.nii.gz")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.network in NETWORKS])
def test_each_recipe_trains_its_network_for_a_step(name, root, tmp_path):
    told = RECIPES[name].as_dict()
    for data in told["data"]:
        held = ["STS_902"] if data["cases"] else ["3"]
        data.update(train=[], validation=held, test=[])
    assert recipe_file(RECIPES[name]) == f"Resources/Training/{name}.json"
    told.update(steps=1, batch=2, warm_up=0, validate_on=1, workers=0, start_from="")
    trained = train(TrainingRecipe.from_dict(told), root, tmp_path / "output", device="cpu")
    assert trained.history[-1]["step"] == 1
    assert trained.card.network == RECIPES[name].network

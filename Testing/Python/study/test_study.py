"""From make to analyse: nothing on the page tells a method, and the analysis finds what was planted in the readers."""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter

import numpy as np
import phantom
import pytest
from made_study import QUALITY, write_answers, write_folders
from PIL import Image
from scipy.stats import spearmanr

from MedFusionLib import Recipe
from MedFusionLib.cli import main
from MedFusionLib.errors import BadInput
from MedFusionLib.outputs import write_result
from MedFusionLib.pipeline import compare
from MedFusionLib.study import Key
from MedFusionLib.study.analyse import analyse
from MedFusionLib.study.design import draw
from MedFusionLib.study.gather import from_comparison, from_folders
from MedFusionLib.study.key import read_answers, read_key


@pytest.fixture
def made(tmp_path):
    """A study of folders made by the command line: the folders, the page's file and the key's."""
    folders = write_folders(tmp_path / "pictures")
    (tmp_path / "readers").mkdir()
    (tmp_path / "secret").mkdir()
    page, key = tmp_path / "readers" / "study.html", tmp_path / "secret" / "key.json"
    fused = [f"--fused={name}={folders[name]}" for name in QUALITY]
    sources = [f"--source={name}={folders[name]}" for name in ("CT", "MR")]
    assert main(["study", "make", *fused, *sources, "--count", "8", "--page", str(page), "--key", str(key)]) == 0
    return folders, page, key


def _data(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def _pixels(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


def test_the_page_names_no_method_no_case_and_nothing_outside(made):
    text = made[1].read_text(encoding="utf-8")
    without_pictures = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    assert not re.search(r"\b(good|fair|poor)\b", without_pictures)
    assert "patient" not in without_pictures
    assert not re.search(r"https?://|@import|url\(", without_pictures)
    assert [file.name for file in made[1].parent.iterdir()] == ["study.html"]


def test_every_name_on_the_page_stands_for_the_picture_that_the_key_says(made):
    folders, page, file = made
    data, key = _data(page), read_key(file)
    for item in key.items:
        expected = np.asarray(Image.open(folders[item.method] / f"{item.case}.png"))
        np.testing.assert_array_equal(_pixels(data["pictures"][item.identity]), expected)
    places = {item.identity: item for item in key.items}
    for shown, choice in zip(data["choices"], key.choices, strict=True):
        assert places[shown["left"]].method == choice.left
        assert places[shown["right"]].method == choice.right
        assert places[shown["left"]].case == places[shown["right"]].case == choice.case


def test_the_same_seed_makes_the_same_study_and_another_seed_another(made):
    cases = from_folders({name: made[0][name] for name in QUALITY}, {})
    assert draw(cases, 3) == draw(cases, 3)
    assert [item.case for item in draw(cases, 3).items] != [item.case for item in draw(cases, 4).items]


def test_choices_are_spread_over_the_pairs_and_both_sides(made):
    cases = from_folders({name: made[0][name] for name in QUALITY}, {})
    choices = draw(cases, 1, pairs=12).choices
    pairs = Counter(frozenset((choice.left, choice.right)) for choice in choices)
    assert sorted(pairs.values()) == [4, 4, 4]
    assert len({choice.left < choice.right for choice in choices}) == 2


def test_simulated_readers_are_understood(made, tmp_path, capsys):
    key = read_key(made[2])
    files = write_answers(key, tmp_path)
    analysis = analyse(key, [read_answers(file, key) for file in files])
    for method, quality in QUALITY.items():
        opinion = analysis.opinions[method]["overall"]
        assert opinion.mean == pytest.approx(quality, abs=0.35)
        assert opinion.lower < opinion.mean < opinion.upper
        assert opinion.upper - opinion.lower < 1.0
    assert analysis.opinions["fair"]["overall"].lower > analysis.opinions["poor"]["overall"].upper
    assert analysis.opinions["good"]["overall"].lower > analysis.opinions["fair"]["overall"].upper
    ranked = sorted(QUALITY, key=lambda method: -analysis.preferences[method].ability)
    assert ranked == ["good", "fair", "poor"]
    gap = analysis.preferences["good"].ability - analysis.preferences["poor"].ability
    assert gap == pytest.approx(QUALITY["good"] - QUALITY["poor"], abs=1.0)
    assert analysis.agreements["overall"].single > 0.6
    assert analysis.agreements["overall"].mean > analysis.agreements["overall"].single
    assert main(["study", "analyse", *map(str, files), "--key", str(made[2]), "--json", str(tmp_path / "a.json")]) == 0
    assert capsys.readouterr().out.index("| good |") > 0
    assert json.loads((tmp_path / "a.json").read_text())["opinions"]["good"]["overall"]["mean"] > 3.9


def test_readers_who_guess_agree_by_chance_and_prefer_nothing(made, tmp_path):
    key = read_key(made[2])
    random = np.random.default_rng(5)
    files = write_answers(key, tmp_path)
    for file in files:
        data = json.loads(file.read_text())
        data["scores"] = {item: {"overall": int(random.integers(1, 6))} for item in data["scores"]}
        file.write_text(json.dumps(data))
    analysis = analyse(key, [read_answers(file, key) for file in files])
    assert abs(analysis.agreements["overall"].kappa) < 0.15
    assert abs(analysis.agreements["overall"].single) < 0.2
    assert np.isnan(analysis.opinions["good"]["anatomy"].mean)


def test_a_metric_that_follows_the_readers_correlates_and_one_that_does_not_does_not(made, tmp_path):
    key = read_key(made[2])
    answers = [read_answers(file, key) for file in write_answers(key, tmp_path)]
    random = np.random.default_rng(1)
    places = [(item.case, item.method) for item in key.items]
    figures = {
        "true": {place: QUALITY[place[1]] + random.normal(0, 0.1) for place in places},
        "false": {place: random.normal() for place in places},
        "by method": {("", method): -quality for method, quality in QUALITY.items()},
    }
    found = analyse(key, answers, figures).correlations
    assert found["true"].rho > 0.75
    assert found["true"].count == len(places)
    assert abs(found["false"].rho) < 0.4
    assert found["by method"].rho == pytest.approx(-1.0)
    # Of the six orders of three methods two are as far from chance.
    assert found["by method"].p == pytest.approx(1 / 3)
    assert found["true"].p < 0.01 < found["false"].p
    assert found["by method"].count == 3


def test_the_correlation_is_that_of_scipy(made, tmp_path):
    key = read_key(made[2])
    answers = [read_answers(file, key) for file in write_answers(key, tmp_path)]
    random = np.random.default_rng(2)
    values = {(item.case, item.method): random.integers(0, 9) + QUALITY[item.method] for item in key.items}
    opinions = [np.mean([given.scores[item.identity]["overall"] for given in answers]) for item in key.items]
    expected = spearmanr([values[item.case, item.method] for item in key.items], opinions)
    found = analyse(key, answers, {"metric": values}).correlations["metric"]
    assert found.rho == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)


def test_figures_of_a_comparison_are_read_from_its_file(made, tmp_path, capsys):
    files = write_answers(read_key(made[2]), tmp_path)
    rows = [{"name": method, "figures": {"qabf": quality, "vif": "nan"}} for method, quality in QUALITY.items()]
    (tmp_path / "comparison.json").write_text(json.dumps({"figures": {"qabf": {}, "vif": {}}, "rows": rows}))
    options = ["--key", str(made[2]), "--figures", str(tmp_path / "comparison.json")]
    assert main(["study", "analyse", *map(str, files), *options]) == 0
    assert "| qabf | +1.00 |" in capsys.readouterr().out


def test_a_comparison_of_volumes_gives_slices_with_its_sources(patient, verdict, tmp_path):
    result = compare(patient[:2], ("average", "maximum"), Recipe(method="average"))
    write_result(result, tmp_path / "out", plain=True)
    fixed = patient[0].write(tmp_path / "CT.nii.gz")
    cases = from_comparison(tmp_path / "out", 3, fixed)
    assert [case.name for case in cases] == ["slice 6", "slice 12", "slice 18"]
    for case, place in zip(cases, (6, 12, 18), strict=True):
        for fusion in result.fusions:
            np.testing.assert_allclose(case.fused[fusion.method], fusion.volume.array[place], atol=1e-6)
        np.testing.assert_allclose(case.sources["CT"], result.windows[0].apply(patient[0].array)[place], atol=1e-5)
        assert case.aspect == pytest.approx(phantom.SIZE[2] / phantom.SIZE[1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"study": "another"}, "study another"),
        ({"scores": {"nothing": {"overall": 3}}}, "nothing"),
        ({"choices": {"nothing": "left"}}, "nothing"),
        ({"reader": None, "scores": 3}, "holds no answers"),
    ],
)
def test_answers_that_do_not_fit_are_refused(made, tmp_path, change, words):
    key = read_key(made[2])
    file = write_answers(key, tmp_path, readers=1)[0]
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(BadInput, match=words):
        read_answers(file, key)


@pytest.mark.parametrize("score", [0, 6, 2.5, "3", True])
def test_a_score_out_of_range_is_refused(made, tmp_path, score):
    key = read_key(made[2])
    file = write_answers(key, tmp_path, readers=1)[0]
    data = json.loads(file.read_text())
    data["scores"][key.items[0].identity]["overall"] = score
    file.write_text(json.dumps(data))
    with pytest.raises(BadInput, match="whole numbers"):
        read_answers(file, key)


def test_two_files_of_one_reader_are_refused(made, tmp_path):
    key = read_key(made[2])
    answers = [read_answers(file, key) for file in write_answers(key, tmp_path, readers=1)]
    with pytest.raises(BadInput, match="one file"):
        analyse(key, answers * 2)


def test_a_key_beside_the_page_and_a_study_of_one_method_are_refused(made, tmp_path, capsys):
    folder = made[0]["good"]
    options = ["study", "make", "--fused", f"good={folder}", "--page", str(tmp_path / "p.html")]
    assert main([*options, "--key", str(tmp_path / "k.json")]) == 2
    assert "beside the page" in capsys.readouterr().err
    assert main([*options, "--key", str(made[2].parent / "other.json")]) == 2
    assert "two methods" in capsys.readouterr().err
    assert not (tmp_path / "p.html").exists()
    assert isinstance(read_key(made[2]), Key)

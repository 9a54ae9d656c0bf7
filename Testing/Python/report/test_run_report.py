"""The report of a run shows the planes, the verdicts with their numbers and the figures, and needs nothing outside."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from read_page import Page

from MedFusionLib import Recipe, Volume, run
from MedFusionLib.cuts import centre_of, layers_of
from MedFusionLib.report.run import run_page, write_run

NASTY = '<script>alert("1")</script>&amp; x'


@pytest.fixture
def result(patient, verdict):
    return run(patient, Recipe(method="average", combinations=((0, 1), (0, 1, 2))))


def test_nothing_outside_the_file_is_named_and_its_policy_forbids_it(result):
    source = run_page(result)
    page = Page(source)
    addresses = [value for _, attributes in page.elements for name, value in attributes.items()
                 if name in ("src", "href", "action", "srcset")]
    assert addresses
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in addresses)
    assert not re.search(r"https?://|@import|url\(", source)
    assert page.all("link") == []
    assert "default-src 'none'" in next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)


def test_every_anchor_of_the_contents_is_there_and_every_picture_is_described(result):
    page = Page(run_page(result))
    names = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {entry["href"][1:] for entry in page.all("a")} <= names
    assert all(entry["alt"] for entry in page.all("img"))
    assert page.all("html")[0]["lang"] == "en"


def test_the_pictures_are_the_planes_through_the_tumour(result):
    pictures = Page(run_page(result)).pictures()
    z, y, x = centre_of(result, layers_of(result))
    fused = result.fused.array
    np.testing.assert_array_equal(pictures["CT + MR + PET, fused, average, axial"], fused[z])
    np.testing.assert_array_equal(pictures["CT + MR + PET, fused, average, coronal"], fused[::-1, y])
    np.testing.assert_array_equal(pictures["CT + MR + PET, fused, average, sagittal"], fused[::-1, :, x])
    grey = result.fusions[0].volume.array[z]
    np.testing.assert_array_equal(pictures["CT + MR, fused, average, axial"], np.round(grey * 255).astype(np.uint8))


def test_the_table_holds_the_figures_to_the_digits_shown(result):
    rows = {row[0]: row for row in Page(run_page(result)).rows if len(row) > 5 and "average" in row}
    for fusion in result.fusions:
        shown = rows[fusion.name][2:]
        expected = list(fusion.metrics.values())
        assert [float(text.replace("−", "-")) for text in shown[: len(expected)]] == pytest.approx(expected, rel=6e-3)
    assert rows["CT + MR"][-1] == "–"


def test_every_figure_is_explained_with_what_fools_it(result):
    page = Page(run_page(result))
    explained = [row for row in page.rows if len(row) == 5 and row[2].startswith(("Shannon entropy", "Mean diff"))]
    assert len(explained) == 3
    assert "noise and haze" in page.text


@pytest.mark.parametrize(("decision", "word"), [("accept", "accepted"), ("warn", "look at it")])
def test_the_verdict_and_its_reasons_are_told(patient, verdict, decision, word):
    verdict(decision, *(["only 60% of the smaller field of view overlap"] if decision == "warn" else []))
    text = Page(run_page(run(patient[:2], Recipe(method="average")))).text
    assert word in text
    assert ("Only 60% of the smaller field of view overlap." in text) == (decision == "warn")
    assert ("One warning" in text) == (decision == "warn")
    assert "not for clinical use" in text


def test_a_rejected_registration_is_the_first_thing_told(patient, verdict):
    verdict("reject", "left-right flip suspected")
    text = Page(run_page(run(patient[:2], Recipe(method="average", on_rejection="continue")))).text
    assert text.index("REJECTED") < text.index("Sources and fused volumes", text.index("At a glance") + 200)
    assert "Left-right flip suspected." in text


def test_names_with_markup_stay_text(patient, verdict):
    volumes = [replace(volume, name=f"{NASTY}{number}") for number, volume in enumerate(patient[:2])]
    source = run_page(run(volumes, Recipe(method="average")))
    page = Page(source)
    assert f"{NASTY}0" in page.text
    assert len(page.all("script")) == 1
    assert '<script>alert("1")' not in source


def test_pictures_of_two_dimensions_have_a_report_without_planes(tmp_path):
    random = np.random.default_rng(0)
    pictures = [Volume.from_array(random.integers(0, 256, (30, 40), dtype=np.uint8), name=name) for name in "ab"]
    write_run(run(pictures, Recipe(method="maximum")), tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    np.testing.assert_array_equal(page.pictures()["a + b, fused, maximum, picture"],
                                  np.maximum(*(picture.array for picture in pictures)))
    assert "taken as registered" in page.text

"""What the panel tells of a run, of a method and of models."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.card import Parameter
from MedFusionLib.ui.account import (
    COLOURS,
    best_of,
    bytes_text,
    clock,
    memory_text,
    metric_title,
    progress_text,
    verdict_lines,
)
from MedFusionLib.ui.form_fields import card_html, changed_values, fields_of, reference_link
from MedFusionLib.ui.installed import installed_models

RECORD = {"registrations": [
    {"moving": "MR", "engine": "elastix", "decision": "warn", "reasons": ["rotation of 50 degrees"], "seconds": 12.4,
     "evidence": {"overlap_fraction": 0.873, "rotation_deg": 50.04, "shift_mm": 3.21, "similarity_after": "nan"}},
    {"moving": "PET", "engine": "none", "decision": "accept", "reasons": ["taken as registered"]},
]}


def test_a_verdict_tells_volume_judgement_engine_time_reason_and_numbers():
    warned, accepted = verdict_lines(RECORD)
    assert warned.title == "MR: look at it (elastix, 12 s)"
    assert warned.details == "rotation of 50 degrees\noverlap 87%, shift 3.2 mm, rotation 50.0°"
    assert accepted.title == "PET: accepted (none)"
    assert verdict_lines({}) == []


def _luminance(colour: str) -> float:
    """Relative luminance of sRGB, as WCAG 2 defines it."""
    parts = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("kind", COLOURS)
def test_messages_have_the_contrast_that_readers_need(kind):
    dark, light = sorted(map(_luminance, COLOURS[kind]))
    assert (light + 0.05) / (dark + 0.05) >= 7


def test_metrics_show_unit_and_where_better_is():
    assert metric_title("mutual_information") == "Mutual information (bit) ↑"
    assert metric_title("hue_error of PET") == "Hue error of pet"


def test_the_best_is_found_and_a_tie_has_none():
    assert best_of("ssim", [0.1, 0.7, math.nan]) == 1
    assert best_of("ssim", [0.5, 0.5]) is None
    assert best_of("entropy", [1.0, 2.0]) is None
    assert best_of("unheard of", [1.0, 2.0]) is None


def test_progress_tells_stage_message_and_time():
    assert progress_text("register", "MR to CT", 75.9) == "Aligning · 1:15 · MR to CT"
    assert progress_text("new stage", "", 0.0) == "New stage · 0:00"
    assert clock(3600) == "60:00"


def test_amounts_are_for_people():
    assert bytes_text(999) == "999 B"
    assert bytes_text(1_400_000_000) == "1.4 GB"
    assert memory_text(2_000_000, None) == "needs about 2 MB"
    assert memory_text(2_000_000, 8_000_000_000) == "needs about 2 MB, 8 GB free"


@pytest.mark.parametrize("name", catalog.names())
def test_every_card_makes_a_form_that_gives_back_its_defaults(name):
    card = catalog.card(name)
    fields = fields_of(card, {})
    assert {field.name: field.value for field in fields} == card.settle({})
    for field in fields:
        assert field.help
        assert field.kind != "choice" or field.value in field.choices
        if field.kind == "number":
            assert round(field.value, field.decimals) == field.value


def test_a_value_that_no_longer_fits_takes_the_default():
    card = catalog.card("laplacian")
    fields = {field.name: field for field in fields_of(card, {"levels": 99, "low": "energy", "gone": 1})}
    assert fields["levels"].value == fields["levels"].default
    assert fields["low"].value == "energy"


def test_the_kind_of_a_field_follows_the_default():
    parameters = tuple(Parameter(f"p{number}", default, "Help") for number, default in enumerate((True, 3, 0.001, "")))
    kinds = [field.kind for field in fields_of(replace(catalog.card("maximum"), parameters=parameters), {})]
    assert kinds == ["flag", "whole", "number", "text"]


def test_only_changed_values_go_into_the_recipe():
    card = catalog.card("laplacian")
    assert changed_values(card, {**card.settle({}), "levels": 2, "gone": 1}) == {"levels": 2}


def test_a_card_as_text_says_what_is_missing_and_is_safe_html():
    card = replace(catalog.card("maximum"), title="<b>", requires=("torch",))
    text = card_html(card, ("torch",))
    assert "&lt;b&gt;" in text
    assert "Needs torch" in text
    assert card.summary in text


def test_a_card_as_text_says_when_a_network_is_not_trained():
    card = catalog.card("maximum")
    assert "Not trained" in card_html(replace(card, trained=False))
    assert not any("Not trained" in card_html(replace(card, trained=known)) for known in (None, True))


def test_links_prefer_a_doi_then_an_address_then_a_search():
    assert reference_link("A. Author, 10.1109/TIP.2013.2244222.") == "https://doi.org/10.1109/TIP.2013.2244222"
    assert reference_link("See https://example.org/x") == "https://example.org/x"
    assert reference_link("Li & Kang, 2013").endswith("q=Li+Kang+2013")


def test_installed_models_are_listed_with_their_sizes(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "densefuse.safetensors").write_bytes(b"12345")
    (tmp_path / "net" / "card.json").write_text("{}")
    found = installed_models(tmp_path)
    assert [(model.name, model.size) for model in found] == [("densefuse", 5)]
    assert installed_models(tmp_path / "none") == []

"""The catalog finds what modules declare, and says clearly what it does not know."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from MedFusionLib.errors import BadInput, MissingDependency
from MedFusionLib.fusion import catalog
from MedFusionLib.fusion.card import Card, Entry

CLASSICAL = {"average", "maximum", "minimum", "weighted", "weighted_energy", "weighted_entropy",
             "weighted_gradient", "weighted_saliency", "reliability", "pca", "block", "laplacian", "dwt", "swt",
             "guided_filter"}


def test_the_classical_methods_are_listed() -> None:
    assert set(catalog.names()) >= CLASSICAL
    assert [card.name for card in catalog.cards()] == list(catalog.names())


def test_an_unknown_name_is_answered_with_the_closest_and_all_known_ones() -> None:
    with pytest.raises(BadInput, match=r"'maximun'.*Did you mean 'maximum'.*laplacian"):
        catalog.load("maximun")


def test_an_unknown_parameter_and_a_value_out_of_range_are_refused() -> None:
    with pytest.raises(BadInput, match="no parameter 'level'"):
        catalog.load("laplacian", level=3)
    with pytest.raises(BadInput, match="levels = 99"):
        catalog.load("laplacian", levels=99)
    with pytest.raises(BadInput, match="low = 'median'"):
        catalog.load("laplacian", low="median")


@pytest.mark.parametrize("value", [3.7, "3.7", float("nan"), float("inf"), "many", None, True])
def test_what_is_no_whole_number_of_levels_is_refused_and_not_rounded(value: object) -> None:
    with pytest.raises(BadInput, match=r"levels = .* is not a whole number"):
        catalog.load("laplacian", levels=value)
    assert catalog.card("laplacian").settle({"levels": "3"}) == catalog.card("laplacian").settle({"levels": 3.0})


@pytest.mark.parametrize("value", [float("nan"), "nan", "wide", False])
def test_a_blur_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(BadInput, match=r"sigma = .* is not a number"):
        catalog.load("weighted_saliency", sigma=value)


def test_listing_the_cards_imports_no_heavy_package() -> None:
    code = ("import sys; from MedFusionLib.fusion import catalog; catalog.cards();"
            "print([m for m in ('pywt', 'torch', 'scipy.ndimage', 'skimage') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_card_is_complete_and_its_defaults_pass_its_own_check() -> None:
    for card in catalog.cards():
        assert card.title
        assert card.reference
        assert card.summary
        assert card.workspace > 0
        defaults = {parameter.name: parameter.default for parameter in card.parameters}
        assert card.settle(defaults) == defaults


def test_a_new_module_with_entries_is_all_a_new_method_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    card = replace(catalog.card("maximum"), name="newcomer")
    module = SimpleNamespace(ENTRIES=(Entry(card, "MedFusionLib.fusion.rules:Maximum"),))
    real_modules, real_import = catalog.iter_modules, catalog.import_module
    name = "MedFusionLib.fusion.newcomer"
    monkeypatch.setattr(catalog, "iter_modules",
                        lambda *given: [*real_modules(*given), SimpleNamespace(name=name)])
    monkeypatch.setattr(catalog, "import_module", lambda given: module if given == name else real_import(given))
    catalog._entries.cache_clear()
    try:
        assert "newcomer" in catalog.names()
        assert catalog.load("newcomer").card.name == "newcomer"
    finally:
        catalog._entries.cache_clear()


def test_a_method_whose_package_is_missing_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="needs pywt"):
        catalog.load("dwt")


def test_a_card_becomes_plain_data() -> None:
    assert Card("a", "A", "rule", "r", "s").as_dict()["name"] == "a"

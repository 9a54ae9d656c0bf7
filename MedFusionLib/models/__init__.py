"""Trained weights: where they lie, their cards, and reading them without ever running anything that they hold."""

from MedFusionLib.models.card import ModelCard
from MedFusionLib.models.places import SUFFIX, card_of, find
from MedFusionLib.models.weights import check, load, save

__all__ = ["SUFFIX", "ModelCard", "card_of", "check", "find", "load", "save"]

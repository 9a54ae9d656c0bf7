"""What a recipe tells the training of a segmenter under ``step``."""

from __future__ import annotations

from dataclasses import dataclass

from MedFusionLib.errors import BadInput
from MedFusionLib.fields import check_fields, list_of, number, text
from MedFusionLib.segmentation.channels import CHANNELS, SPACING
from MedFusionLib.training.recipe import DataSet, TrainingRecipe


@dataclass(frozen=True)
class Options:
    """``mask`` is the file of the outline in every case, ``shares`` the weights of the supervised outputs.

    ``spacing`` is that of the slices in mm; ``appearance`` the preset of augmentation for the channels alone.
    """

    mask: str
    shares: tuple[float, ...]
    spacing: float = SPACING
    appearance: str = ""

    @classmethod
    def of(cls, recipe: TrainingRecipe) -> Options:
        """The options in ``recipe``; raises ``BadInput`` for what is missing or unknown."""
        given = check_fields(recipe.step, _CHECKS, "training recipe: step")
        for name in ("mask", "shares"):
            if name not in given:
                raise BadInput(f"the training recipe does not say its step.{name}", f"Give {name} under step")
        return cls(**given)


def the_cases(recipe: TrainingRecipe) -> DataSet:
    """The one data set of a segmenter's recipe; raises ``BadInput`` where there is another kind or number."""
    if len(recipe.data) != 1 or len(recipe.data[0].volumes) != len(CHANNELS):
        raise BadInput(f"network {recipe.network} learns from one data set of cases with {len(CHANNELS)} volumes",
                       f"Give cases and volumes: {', '.join(CHANNELS)}")
    return recipe.data[0]


_CHECKS = {
    "mask": text,
    "shares": list_of(number(0.0, 1e3)),
    "spacing": number(0.1, 20.0),
    "appearance": text,
}

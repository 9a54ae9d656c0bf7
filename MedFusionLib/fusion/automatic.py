"""The method "auto": the best one that can run here, so that a run without a choice gets it."""

from __future__ import annotations

from MedFusionLib.fusion import catalog

#: What a recipe names to leave the choice to :func:`resolve`.
AUTO = "auto"

#: The best first, as the README's benchmark has them. The last needs nothing beyond numpy and scipy.
PREFERRED = ("medfusion", "medfusion_3d", "laplacian")


def resolve(method: str, plane: str | None = None) -> str:
    """``method`` itself, or for "auto" the first of ``PREFERRED`` that can run here and work in ``plane``.

    ``plane`` is a recipe's: only "volume" asks for a method in 3-D.
    """
    if method != AUTO:
        return method
    cards = [catalog.card(name) for name in PREFERRED]
    fitting = (card for card in cards if plane != "volume" or 3 in card.dimensions)
    return next((card.name for card in fitting if catalog.can_run(card)), PREFERRED[-1])

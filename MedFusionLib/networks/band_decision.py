"""The network that decides, coefficient by coefficient, from which source a directional band is taken.

Z. Wang, X. Li, H. Duan, Y. Su, X. Zhang and X. Guan, Medical image fusion based on convolutional neural networks and
non-subsampled contourlet transform, Expert Systems with Applications 171, 2021, article 114574. The transform, the
low band and the way back are in ``MedFusionLib.fusion.learned_contourlet``; this is its part for the high bands.

What the paper's abstract says: a "perceptual high frequency CNN", trained in the frequency domain, is the adaptive
rule of the high-frequency bands. Its layers and size are not in what we could read, so that these are ours and no
figure of the paper is claimed.

Layers: for each source alike 3 x 3 convolutions to 16 and 32 channels with ReLU and one to a score; the softmax of the
scores over the sources is the weight of each. The last has no bias: added to every score, it would change nothing.
5,088 learned numbers.

Losses: likewise not in what we could read; a recipe names them.

Choices taken: the network sees magnitudes, divided by the greatest of all sources, so that one network serves bands
of every level and direction; it has no pooling, since the bands are not decimated either.
"""

from __future__ import annotations

from torch import Tensor, nn

from MedFusionLib.networks.features import apply_to_each

_FLOOR = 1e-12


class BandDecision(nn.Module):
    """Real bands (batch, source, height, width), two sources or more in any order, to one (batch, 1, height, width).

    The fused coefficient lies between those of the sources. ``weights`` tells the share of each source.
    """

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 1, 3, padding=1, bias=False))

    def weights(self, bands: Tensor) -> Tensor:
        """The weights (batch, source, height, width) of the sources, which add to 1."""
        size = bands.abs()
        scores = apply_to_each(self.score, (size / size.amax((1, 2, 3), keepdim=True).clamp_min(_FLOOR)).unsqueeze(2))
        return scores.squeeze(2).softmax(1)

    def forward(self, bands: Tensor) -> Tensor:
        """The fused bands."""
        return (self.weights(bands) * bands).sum(1, keepdim=True)

"""TransFuse: a CNN and a transformer side by side, joined by BiFusion; for fusing and for segmenting.

Y. Zhang, H. Liu and Q. Hu, TransFuse: fusing transformers and CNNs for medical image segmentation, MICCAI 2021.

TransFuse-S: the first three stages of ResNet-34 and a DeiT-S of 8 blocks (width 384, 6 heads) both see the picture; the
transformer's maps climb by two steps to 128 and 64 channels; BiFusion joins both branches at a sixteenth, an eighth and
a quarter of the size; gated steps lead from the coarsest to the finest. Three heads, for the coarsest joined maps, the
transformer and the finest joined maps, are each supervised. For three channels in and one class out the authors'
program counts 26,248,725 numbers, of which a class token of 384 is never used; ours are the other 26,248,341, and with
its weights the segmenter's three maps are the same (``base`` 64; largest difference 2e-5 of logits that vary by 1).

Losses (segmentation): weighted IoU plus weighted cross-entropy, as in J. Wei's F3Net 2020, where pixels near the
border count more, on the finest joined maps (0.5), the transformer (0.3) and the coarsest (0.2). Fusion: the paper does
not fuse pictures; a recipe names the losses.

Choices taken: all widths are multiples of ``base``, so that a light version (16, 1.7 million) keeps the proportions;
positions are stretched to pictures of any size, where the program is made for 192 x 256. As a fusion network the finest
joined maps are enlarged to full size and, beside the sources, pass two 3 x 3 convolutions to one logit for each source,
whose softmax weighs the sources: a map of a quarter of the size could not draw the picture itself, but can say whom to
trust.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.bifusion import BiFusion, Climb, convolution
from MedFusionLib.networks.branches import PATCH, ResidualBranch, TransformerBranch
from MedFusionLib.networks.framing import cut_to, pad_to_multiple

_DROPOUT = 0.2
_SHARES = (0.5, 0.3, 0.2)
_BORDER = 31


class _Joined(nn.Module):
    """Both branches and their joints: maps of the transformer, the coarsest and the finest joined ones."""

    def __init__(self, inputs: int, base: int, depth: int) -> None:
        super().__init__()
        distant = 6 * base
        self.local = ResidualBranch(inputs, base)
        self.distant = TransformerBranch(inputs, distant, depth)
        self.dropout = nn.Dropout2d(_DROPOUT)
        self.raise_distant = nn.ModuleList((Climb(distant, 2 * base), Climb(2 * base, base)))
        self.joints = nn.ModuleList((
            BiFusion(4 * base, distant, 4 * base, 4, _DROPOUT / 2),
            BiFusion(2 * base, 2 * base, 2 * base, 2, _DROPOUT / 2),
            BiFusion(base, base, base, 1, _DROPOUT / 2)))
        self.climbs = nn.ModuleList((Climb(4 * base, 2 * base, 2 * base), Climb(2 * base, base, base)))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        local = [self.dropout(maps) for maps in self.local(pictures)]
        distant = [self.dropout(self.distant(pictures))]
        for climb in self.raise_distant:
            distant.append(self.dropout(climb(distant[-1])))
        joined = [joint(*both) for joint, both in zip(self.joints, zip(reversed(local), distant, strict=True),
                                                      strict=True)]
        finest = joined[0]
        for climb, beside in zip(self.climbs, joined[1:], strict=True):
            finest = climb(finest, beside)
        return distant[-1], joined[0], finest


class TransFuse(nn.Module):
    """The fusion network: (batch, 2, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1].

    ``base`` scales all widths (64 in the paper), ``depth`` is the number of the transformer's blocks, ``sources`` how
    many sources it is made for.
    """

    def __init__(self, base: int = 16, depth: int = 8, sources: int = 2) -> None:
        super().__init__()
        self.joined = _Joined(sources, base, depth)
        self.from_transformer = nn.Conv2d(base, base, 1)
        self.head = nn.Sequential(convolution(base + sources, base, 3), nn.Conv2d(base, sources, 3, padding=1))

    def weights(self, sources: Tensor) -> Tensor:
        """The weight of each source at each pixel, (batch, source, height, width), 1 in all."""
        framed = pad_to_multiple(sources, PATCH)
        transformer, _, finest = self.joined(framed)
        maps = functional.interpolate(finest + self.from_transformer(transformer), scale_factor=4, mode="bilinear")
        logits = self.head(torch.cat((maps, framed), 1))
        return torch.softmax(cut_to(logits, tuple(sources.shape[2:])), 1)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures: the sources' weighted mean."""
        return (self.weights(sources) * sources).sum(1, keepdim=True)


class TransFuseSegmenter(nn.Module):
    """The segmentation network: (batch, inputs, height, width) to probabilities (batch, 1, height, width).

    ``base`` scales all widths (64 in the paper), ``depth`` is the number of the transformer's blocks.
    """

    def __init__(self, inputs: int = 2, base: int = 16, depth: int = 8) -> None:
        super().__init__()
        self.joined = _Joined(inputs, base, depth)
        self.coarse_head = nn.Sequential(
            convolution(4 * base, base, 1), convolution(base, base, 3), nn.Conv2d(base, 1, 3, padding=1))
        self.transformer_head = nn.Sequential(convolution(base, base, 3), nn.Conv2d(base, 1, 3, padding=1))
        self.fine_head = nn.Sequential(convolution(base, base, 3), nn.Conv2d(base, 1, 3, padding=1))

    def logits(self, sources: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits at full size of the finest joined maps, the transformer and the coarsest joined maps."""
        framed = pad_to_multiple(sources, PATCH)
        transformer, coarsest, finest = self.joined(framed)
        made = (self.fine_head(finest), self.transformer_head(transformer), self.coarse_head(coarsest))
        size, wanted = tuple(framed.shape[2:]), tuple(sources.shape[2:])
        fine, middle, coarse = (
            cut_to(functional.interpolate(maps, size=size, mode="bilinear", align_corners=True), wanted)
            for maps in made)
        return fine, middle, coarse

    def forward(self, sources: Tensor) -> Tensor:
        """The probability that each pixel belongs to the structure."""
        return torch.sigmoid(self.logits(sources)[0])


def structure_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Weighted cross-entropy plus weighted IoU, both with the weight 1 + 5 |local mean of the truth - truth|.

    ``truth`` (batch, 1, height, width) is 0 or 1; the local mean is over 31 x 31 pixels.
    """
    local = functional.avg_pool2d(truth, _BORDER, 1, _BORDER // 2)
    weights = 1.0 + 5.0 * (local - truth).abs()
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    entropy = (weights * entropy).sum((2, 3)) / weights.sum((2, 3))
    probability = torch.sigmoid(logits)
    common = (probability * truth * weights).sum((2, 3))
    either = ((probability + truth) * weights).sum((2, 3)) - common
    return (entropy + 1.0 - (common + 1.0) / (either + 1.0)).mean()


def segmentation_loss(logits: Sequence[Tensor], truth: Tensor, shares: Sequence[float] = _SHARES) -> Tensor:
    """What a segmenter lowers, from what its ``logits`` gave: each output's structure loss by its share."""
    losses = [share * structure_loss(maps, truth) for share, maps in zip(shares, logits, strict=True)]
    return torch.stack(losses).sum()

"""A self-attention encoder and decoder that fuses any number of sources.

After A. Vaswani et al., Attention is all you need, NeurIPS 2017, for the encoder and decoder, A. Dosovitskiy et al., An
image is worth 16 x 16 words, ICLR 2021, for pictures as tokens, and V. Vs et al., Image fusion transformer, ICIP 2022,
for global attention beside local convolutions in fusion. None of them fixes this network; its layers are ours:

- stem, for every source alike: two 3 x 3 convolutions to ``stem`` channels with leaky ReLU (0.2), at full resolution;
- tokens: convolution of ``patch`` x ``patch`` pixels with as large a stride to ``width`` numbers, sine positions added;
- encoder: ``encoders`` blocks of self-attention over all tokens of a source, for every source alike;
- decoder: its questions are the element-wise maximum of the sources' tokens; ``decoders`` blocks of self-attention,
  attention to the tokens of all sources, and feed-forward;
- head: each question becomes ``patch`` x ``patch`` pixels of ``stem`` channels, joined to the stem of each source and
  to the maximum of all stems; two 3 x 3 convolutions give one logit for each source, the softmax over them its weight.

The fused picture is the sources' weighted mean: black stays black, the order of the sources does not matter, and each
pixel's origin is known. Losses: those of SwinFusion (``networks.swinfusion``); nothing of this network asks for others.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from MedFusionLib.networks.attention import Attention, Block, FeedForward, waves
from MedFusionLib.networks.framing import cut_to, pad_to_multiple


class _Decoder(nn.Module):
    """One block of the decoder: the questions look at themselves, then at the encoded tokens of all sources."""

    def __init__(self, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.before_self = nn.LayerNorm(width, eps=1e-6)
        self.to_self = Attention(width, heads)
        self.before_sources = nn.LayerNorm(width, eps=1e-6)
        self.to_sources = Attention(width, heads)
        self.before_forward = nn.LayerNorm(width, eps=1e-6)
        self.feed_forward = FeedForward(width, ratio)

    def forward(self, questions: Tensor, memory: Tensor) -> Tensor:
        normal = self.before_self(questions)
        questions = questions + self.to_self(normal, normal)
        questions = questions + self.to_sources(self.before_sources(questions), memory)
        answered: Tensor = questions + self.feed_forward(self.before_forward(questions))
        return answered


class AttentionFusion(nn.Module):
    """(batch, source, height, width) in [0, 1] to (batch, 1, height, width) in [0, 1]; two or more sources."""

    def __init__(self, stem: int = 16, patch: int = 8, width: int = 128, heads: int = 4, encoders: int = 4,
                 decoders: int = 2, ratio: int = 2) -> None:
        super().__init__()
        self.patch = patch
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, 3, padding=1, padding_mode="replicate"), nn.LeakyReLU(0.2),
            nn.Conv2d(stem, stem, 3, padding=1, padding_mode="replicate"), nn.LeakyReLU(0.2))
        self.embed = nn.Conv2d(stem, width, patch, patch)
        self.encoder = nn.Sequential(*(Block(width, heads, ratio) for _ in range(encoders)))
        self.encoded = nn.LayerNorm(width, eps=1e-6)
        self.decoder = nn.ModuleList(_Decoder(width, heads, ratio) for _ in range(decoders))
        self.decoded = nn.LayerNorm(width, eps=1e-6)
        self.spread = nn.Conv2d(width, stem * patch ** 2, 1)
        self.head = nn.Sequential(
            nn.Conv2d(3 * stem, stem, 3, padding=1, padding_mode="replicate"), nn.LeakyReLU(0.2),
            nn.Conv2d(stem, 1, 3, padding=1, padding_mode="replicate"))

    def _seen_together(self, stems: Tensor, number: int) -> Tensor:
        """What the decoder says of stems (batch * source, stem, height, width): (batch, stem, height, width)."""
        embedded = self.embed(stems)
        rows, columns = embedded.shape[2:]
        tokens = embedded.flatten(2).transpose(1, 2)
        tokens = tokens + waves(rows, columns, tokens.shape[-1], tokens)
        encoded = self.encoded(self.encoder(tokens)).unflatten(0, (-1, number))
        answers = encoded.amax(1)
        for block in self.decoder:
            answers = block(answers, encoded.flatten(1, 2))
        grid = self.decoded(answers).transpose(1, 2).unflatten(2, (rows, columns))
        return functional.pixel_shuffle(self.spread(grid), self.patch)

    def weights(self, sources: Tensor) -> Tensor:
        """The weight of each source at each pixel, (batch, source, height, width), 1 in all."""
        batch, number = sources.shape[:2]
        framed = pad_to_multiple(sources, self.patch)
        stems = self.stem(framed.flatten(0, 1)[:, None])
        together = self._seen_together(stems, number)
        each = stems.unflatten(0, (batch, number))
        common = torch.cat((each.amax(1), together), 1)[:, None].expand(-1, number, -1, -1, -1)
        logits = self.head(torch.cat((each, common), 2).flatten(0, 1)).reshape(framed.shape)
        return torch.softmax(cut_to(logits, tuple(sources.shape[2:])), 1)

    def forward(self, sources: Tensor) -> Tensor:
        """The fused pictures."""
        return (self.weights(sources) * sources).sum(1, keepdim=True)

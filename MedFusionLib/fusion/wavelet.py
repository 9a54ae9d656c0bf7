"""The discrete and the stationary wavelet transform, by PyWavelets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from MedFusionLib.fusion.base import NumpyMethod
from MedFusionLib.fusion.bounds import keep_within
from MedFusionLib.fusion.card import Card, Entry, Parameter
from MedFusionLib.fusion.selection import fuse_high, fuse_low, high_parameter, low_parameter

Array = npt.NDArray[np.float32]
WAVELETS = ("haar", "db2", "db4", "db6", "sym4", "sym8", "coif1", "coif2", "bior1.3", "bior2.2", "bior4.4")
_MODE = "symmetric"
_GREATEST_MARGIN = 16


def transformed_axes(array: Array, taps: int) -> tuple[int, ...]:
    """The spatial axes at least as long as a filter of ``taps``; shorter ones have only borders."""
    return tuple(axis for axis in range(2, array.ndim) if array.shape[axis] >= taps)


class _Wavelet(NumpyMethod):
    """What both transforms are told: the wavelet, how deep, and the rules of their bands."""

    def __init__(self, card: Card, wavelet: str, levels: int, low: str, high: str, limit: bool) -> None:
        import pywt

        super().__init__(card)
        self.wavelet = pywt.Wavelet(wavelet)
        self.taps = int(self.wavelet.dec_len)
        self.levels, self.low, self.high, self.limit = levels, low, high, limit
        self.receptive_field = 2 * self.taps * 2 ** levels

    def _limited(self, fused: Array, sources: Array) -> Array:
        """``fused`` without the ringing of bands chosen from different sources, where the parameters ask for that."""
        result: Array = keep_within(fused, sources) if self.limit else fused
        return result


class DiscreteWavelet(_Wavelet):
    """Fuses the bands of the sources' decimated wavelet transforms."""

    def _fuse(self, sources: Array) -> Array:
        import pywt

        bands: list[tuple[dict[str, Array], str, tuple[int, ...], tuple[int, ...]]] = []
        low = sources
        while len(bands) < self.levels and (axes := transformed_axes(low, self.taps)):
            parts = pywt.dwtn(low, self.wavelet, mode=_MODE, axes=axes)
            low_name = "a" * len(axes)
            shape = low.shape[2:]
            low = parts.pop(low_name)
            fused = {name: fuse_high(parts.pop(name), self.high) for name in sorted(parts)}
            bands.append((fused, low_name, axes, shape))
        result: Array = fuse_low(low, self.low)
        for fused, low_name, axes, shape in reversed(bands):
            fused[low_name] = result
            whole = pywt.idwtn(fused, self.wavelet, mode=_MODE, axes=axes)
            result = whole[(slice(None), slice(None), *(slice(length) for length in shape))]
        return self._limited(result, sources)


class StationaryWavelet(_Wavelet):
    """Fuses the bands of the sources' undecimated wavelet transforms; blind to shifts by a voxel."""

    def _fuse(self, sources: Array) -> Array:
        axes = transformed_axes(sources, self.taps)
        low = self._pad(sources, axes)
        bands: list[dict[str, Array]] = []
        for level in range(self.levels if axes else 0):
            fused: dict[str, Array] = {}
            low = self._split(low, axes, level, "", fused)
            bands.append(fused)
        result: Array = fuse_low(low, self.low)
        for level in reversed(range(len(bands))):
            result = self._merge(result, axes, level, "", bands[level])
        before = self._margin()
        result = result[tuple(slice(before, before + n) if axis in axes else slice(None)
                              for axis, n in enumerate(sources.shape))]
        return self._limited(result, sources)

    def _margin(self) -> int:
        """Voxels added to each end, so that the transform's periodicity does not join opposite borders.

        Deep levels of long filters reach further still, but what they carry there is faint.
        """
        return min(self.taps * ((1 << self.levels) - 1), _GREATEST_MARGIN)

    def _pad(self, sources: Array, axes: tuple[int, ...]) -> Array:
        margin, multiple = self._margin(), 2 ** self.levels
        widths = [(margin, margin + -(n + 2 * margin) % multiple) if axis in axes else (0, 0)
                  for axis, n in enumerate(sources.shape)]
        return np.pad(sources, widths, mode="symmetric")

    def _split(self, band: Array, axes: tuple[int, ...], level: int, name: str,
               fused: dict[str, Array]) -> Array:
        """Fuse the detail bands of one level into ``fused`` one after the other; returns the low band."""
        import pywt

        if not axes:
            if "d" in name:
                fused[name] = fuse_high(band, self.high)
            return band
        ((low, high),) = pywt.swt(band, self.wavelet, level=1, start_level=level, axis=axes[0])
        self._split(high, axes[1:], level, name + "d", fused)
        del high
        return self._split(low, axes[1:], level, name + "a", fused)

    def _merge(self, low: Array, axes: tuple[int, ...], level: int, name: str,
               fused: dict[str, Array]) -> Array:
        """The inverse of :meth:`_split` for one source; takes its bands out of ``fused``."""
        if not axes:
            return fused.pop(name) if "d" in name else low
        parts = (self._merge(low, axes[1:], level, name + letter, fused) for letter in "ad")
        filters = (self.wavelet.rec_lo, self.wavelet.rec_hi)
        first, second = (self._expand(part, taps, axes[0], level)
                         for part, taps in zip(parts, filters, strict=True))
        first += second
        return first

    def _expand(self, band: Array, taps: list[float], axis: int, level: int) -> Array:
        """Half of ``band`` filtered by ``taps`` spread to the level's step, periodic."""
        from scipy.ndimage import correlate1d

        step, half = 2 ** level, self.taps // 2
        kernel = np.zeros(2 * step * half + 1)
        for number, tap in enumerate(taps):
            kernel[step * half + step * (half - 1 - number)] = 0.5 * tap
        expanded: Array = correlate1d(band, kernel, axis=axis, mode="wrap")
        return expanded


def _parameters(levels: int) -> tuple[Parameter, ...]:
    return (Parameter("wavelet", "db2", "The wavelet, by its name in PyWavelets", choices=WAVELETS),
            Parameter("levels", levels, "Number of levels, each half as fine", minimum=1, maximum=6),
            low_parameter("maximum"), high_parameter("max-abs"),
            Parameter("limit", True, "Keep the result within what the sources show next to each voxel",
                      choices=(True, False)))


_REFERENCE = ("H. Li, B. S. Manjunath, S. K. Mitra, Multisensor image fusion using the wavelet transform, "
              "Graphical Models and Image Processing 57(3), 1995")
_ROCKINGER = "O. Rockinger, Image sequence fusion using a shift-invariant wavelet transform, Proc. ICIP, 1997"

ENTRIES = (
    Entry(Card("dwt", "Discrete wavelet transform", "multiscale", _REFERENCE,
               "Details of every size and direction, in as many numbers as voxels; fast, a little rough at edges",
               requires=("pywt",), parameters=_parameters(2), workspace=6.0, receptive_field=32),
          f"{__name__}:DiscreteWavelet"),
    Entry(Card("swt", "Stationary wavelet transform", "multiscale", _ROCKINGER,
               "As the discrete one but blind to shifts: smoother, at the price of memory and time",
               requires=("pywt",), parameters=_parameters(2), workspace=22.0, receptive_field=32),
          f"{__name__}:StationaryWavelet"),
)

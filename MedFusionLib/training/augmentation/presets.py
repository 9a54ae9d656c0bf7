"""The presets: every kind of augmentation that the survey's section V names, as data.

Angles are in radians, lengths in voxels, intensities relative to the range [0, 1], unless a comment says otherwise.
"""

from __future__ import annotations

from math import pi

from MedFusionLib.training.augmentation.step import ByDimension, Part, PerAxis, Preset, Step, Strength

#: What a recipe gets that wants augmentation and no kind in particular.
DEFAULT = "standard"

_HERE = "MedFusionLib.training.augmentation"
_ALWAYS = {"prob": 1.0}
# Beyond its border a picture is continued by its mirror image, since a cut through tissue has no black there.
_MIRRORED = {**_ALWAYS, "padding_mode": "reflection"}

_FLIP = Step("monai.transforms:RandAxisFlip", _ALWAYS, chance=0.5)
_TURN = {**_MIRRORED, "rotate_range": PerAxis(pi / 12), "scale_range": PerAxis(0.1), "translate_range": PerAxis(8)}
_AFFINE = Step("monai.transforms:RandAffine", _TURN, chance=0.75)
# MONAI's default would tear the picture between the places of the coarse field.
_LINEAR = ByDimension("bilinear", "trilinear")
# The range of the displacement is relative to the picture's half width.
_ELASTIC = Step("monai.transforms:RandSmoothDeform",
                {**_ALWAYS, "spatial_size": Part(1), "rand_size": PerAxis(6), "def_range": 0.06,
                 "field_mode": _LINEAR, "grid_mode": "bilinear", "grid_padding_mode": "reflection"}, chance=0.5)
_CROP = Step(f"{_HERE}.crops:crop", {"part": (0.6, 1.0)}, chance=0.5)

_CONTRAST = Step("monai.transforms:RandScaleIntensityFixedMean", {**_ALWAYS, "factors": 0.25, "fixed_mean": True},
                 scope="apart", chance=0.5, keep_black=True)
_GAMMA = Step("monai.transforms:RandAdjustContrast", {**_ALWAYS, "gamma": (0.7, 1.4)}, scope="apart", chance=0.5)
_BIAS = Step("torchio:RandomBiasField", {"coefficients": 0.3}, scope="apart", chance=0.3)
_BLUR = Step("monai.transforms:RandGaussianSmooth",
             {**_ALWAYS, "sigma_x": (0.3, 1.2), "sigma_y": (0.3, 1.2), "sigma_z": (0.3, 1.2)}, scope="apart",
             chance=0.3)
_COARSE = Step("torchio:RandomAnisotropy", {"axes": (0, 1), "downsampling": (1.5, 3.0)}, scope="apart", chance=0.2)
_NOISE = Step("monai.transforms:RandGaussianNoise", {**_ALWAYS, "std": 0.03}, scope="apart", chance=0.3,
              keep_black=True)
_HUE = Step(f"{_HERE}.colour:turn_hues", {"degrees": (-15.0, 15.0), "saturation": (0.7, 1.2)}, scope="colour",
            chance=0.5)

_MILD = (
    Step(_GAMMA.transform, {**_ALWAYS, "gamma": (0.8, 1.25)}, scope="apart", chance=0.3),
    Step(_CONTRAST.transform, {**_CONTRAST.settings, "factors": 0.15}, scope="apart", chance=0.3, keep_black=True),
    Step(_NOISE.transform, {**_ALWAYS, "std": 0.01}, scope="apart", chance=0.15, keep_black=True),
)

_EQUALISE = Step(f"{_HERE}.histogram:equalise", {"share": (0.2, 0.8)}, scope="apart", chance=0.4)
_MATCH = Step(f"{_HERE}.histogram:match", scope="batch", chance=0.4)
_SHIFT = Step("monai.transforms:RandHistogramShift", {**_ALWAYS, "num_control_points": (5, 10)}, scope="apart",
              chance=0.4)
_NORMALISE = Step("monai.transforms:ScaleIntensityRangePercentiles",
                  {"lower": 0, "upper": 99, "b_min": 0.0, "b_max": 1.0, "clip": True}, scope="apart", chance=0.4,
                  keep_black=True)

# For RandAugment, each at the preset's magnitude.
_RANDOM = (
    Step("monai.transforms:RandAxisFlip", _ALWAYS),
    Step(_CROP.transform, {"part": Strength((1.0, 1.0), (0.4, 1.0))}),
    Step("monai.transforms:RandAffine", {**_MIRRORED, "rotate_range": PerAxis(Strength(0.0, pi / 4))}),
    Step("monai.transforms:RandAffine", {**_MIRRORED, "shear_range": PerAxis(Strength(0.0, 0.3))}),
    Step("monai.transforms:RandAffine", {**_MIRRORED, "scale_range": PerAxis(Strength(0.0, 0.4))}),
    Step("monai.transforms:RandAffine", {**_MIRRORED, "translate_range": PerAxis(Strength(0.0, 24.0))}),
    Step(_ELASTIC.transform, {**_ELASTIC.settings, "def_range": Strength(0.0, 0.12)}),
    Step(_GAMMA.transform, {**_ALWAYS, "gamma": Strength((0.99, 1.01), (0.4, 2.0))}, scope="apart"),
    Step(_CONTRAST.transform, {**_CONTRAST.settings, "factors": Strength(0.0, 0.6)}, scope="apart", keep_black=True),
    Step("torchio:RandomBiasField", {"coefficients": Strength(0.0, 0.6)}, scope="apart"),
    Step(_BLUR.transform, {**_ALWAYS, "sigma_x": Strength((0.1, 0.1), (0.1, 2.0)),
                           "sigma_y": Strength((0.1, 0.1), (0.1, 2.0)), "sigma_z": Strength((0.1, 0.1), (0.1, 2.0))},
         scope="apart"),
    Step(_NOISE.transform, {**_ALWAYS, "std": Strength(0.0, 0.08)}, scope="apart", keep_black=True),
    Step("torchio:RandomGhosting", {"intensity": Strength((0.0, 0.0), (0.0, 0.6))}, scope="apart", keep_black=True),
    Step(f"{_HERE}.histogram:equalise", {"share": Strength((0.0, 0.0), (0.0, 1.0))}, scope="apart"),
    Step(f"{_HERE}.colour:turn_hues", {"degrees": Strength((0.0, 0.0), (-30.0, 30.0)),
                                       "saturation": Strength((1.0, 1.0), (0.4, 1.4))}, scope="colour"),
)

# How far two registered sources of one patient are still apart: some two voxels, and tissue that gave way.
_MISALIGN = (
    Step("monai.transforms:RandAffine", {**_MIRRORED, "rotate_range": PerAxis(pi / 90), "scale_range": PerAxis(0.01),
                                         "translate_range": PerAxis(2)}, scope="input", chance=0.7),
    Step(_ELASTIC.transform, {**_ELASTIC.settings, "def_range": 0.02}, scope="input", chance=0.3),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (
    Preset("none", "Leaves the batch as it is"),
    Preset("standard", "Flips, turns, scales and shifts; gamma, contrast and noise, mildly: cheap, for every training",
           (_FLIP, _AFFINE, *_MILD)),
    Preset("geometric", "Flips, turns, scales, shifts, crops and bends all sources of an item alike",
           (_FLIP, _AFFINE, _CROP, _ELASTIC)),
    Preset("photometric", "Contrast, gamma, bias field, blur, resolution and noise of each source; hues turn a little",
           (_CONTRAST, _GAMMA, _BIAS, _BLUR, _COARSE, _NOISE, _HUE)),
    Preset("patches", "A box comes from another patient, and boxes of single sources are black",
           (Step(f"{_HERE}.crops:cut_mix", {"part": (0.2, 0.5)}, scope="batch", chance=0.5),
            Step("monai.transforms:RandCoarseDropout", {**_ALWAYS, "holes": 1, "max_holes": 3, "fill_value": 0.0,
                                                        "spatial_size": Part(0.05), "max_spatial_size": Part(0.2)},
                 scope="apart", chance=0.5))),
    Preset("intensity", "Histograms evened out, matched to another patient's, shifted or stretched to the full range",
           (_EQUALISE, _MATCH, _SHIFT, _NORMALISE)),
    Preset("balanced", "Crops in which one source shows, and in which several do, come equally often",
           (_FLIP, Step(f"{_HERE}.crops:crop_by_content", {"part": (0.4, 0.8)}, scope="batch",
                     chance=0.75))),
    Preset("rand_augment", "Two transforms drawn from fifteen, at half strength (RandAugment, Cubuk 2020)",
           _RANDOM, choose=2, magnitude=0.5),
    Preset("style_statistics", "Brightness and contrast of another patient's source, in part or whole",
           (_FLIP, Step(f"{_HERE}.style:exchange_statistics", {"share": (0.0, 1.0)}, scope="batch", chance=0.5))),
    Preset("style_fourier", "Low-frequency Fourier amplitudes of another patient's source, in part or whole",
           (_FLIP, Step(f"{_HERE}.style:exchange_amplitude", {"share": (0.0, 1.0), "reach": (0.01, 0.06)},
                        scope="batch", chance=0.5))),
    Preset("generative", "A grey source mixed with what the conditional GAN draws from the pair; needs its weights",
           (_FLIP, Step(f"{_HERE}.generative:draw_source", {"network": "pix2pix", "share": (0.2, 1.0)},
                        scope="batch", chance=0.5)), dimensions=(2,)),
    Preset("registration", "Sources slightly misaligned for the network, while the loss compares with the aligned ones",
           (_FLIP, _AFFINE, *_MISALIGN)),
)}

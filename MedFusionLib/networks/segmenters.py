"""The segmentation networks as data, and all rows that can have weights; imports no torch.

A segmenter's class has ``logits``, (batch, channel, height, width) in [0, 1] to a tuple of logits at full size, the
one that counts first; its ``forward`` gives probabilities (batch, 1, height, width). The channels are a CT, a PET and
an MR slice.
"""

from __future__ import annotations

from MedFusionLib.networks.catalog import NETWORKS, Network

_STEP = "training.segmentation.step:SegmentationStep"
_TASK = "training.segmentation.task:SEGMENTING"
_PACKAGES = ("torch", "safetensors", "monai")

#: Every segmentation network by name.
SEGMENTERS: dict[str, Network] = {
    network.name: network
    for network in (
        Network("transfuse_segmentation", "TransFuse for tumours", "transformer",
                "networks.transfuse:TransFuseSegmenter",
                "Y. Zhang, H. Liu and Q. Hu, TransFuse: fusing transformers and CNNs for medical image segmentation, "
                "MICCAI 2021",
                "A CNN and a transformer side by side outline a tumour; narrower than the published one",
                parameters=1_724_493, doi="10.1007/978-3-030-87193-2_2", options={"inputs": 3, "base": 16, "depth": 8},
                sources=(3, 3), published_parameters=26_248_725, requires=_PACKAGES, training=_STEP, task=_TASK),
        Network("unet_segmentation", "U-Net for tumours", "cnn", "networks.segmentation_unet:SegmentationUNet",
                "O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image "
                "segmentation, MICCAI 2015",
                "A plain U-Net outlines a tumour; narrower than the published one",
                parameters=496_193, doi="10.1007/978-3-319-24574-4_28", options={"inputs": 3, "channels": 16},
                sources=(3, 3), requires=_PACKAGES, training=_STEP, task=_TASK),
    )
}

#: Every network that can be trained and have weights: those that fuse and those that segment.
TRAINABLE: dict[str, Network] = {**NETWORKS, **SEGMENTERS}

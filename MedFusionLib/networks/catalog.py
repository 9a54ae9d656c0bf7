"""The fusion networks as data: what can be said of each without importing torch.

A network is a module of this package and a row here. Its class is called with the row's ``options`` and the user's
``settings`` as keywords, and its ``forward`` takes float32 ``(batch, source, *spatial)`` in [0, 1] to
``(batch, 1, *spatial)`` in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from MedFusionLib.fusion.card import Family, Parameter


@dataclass(frozen=True)
class Network:
    """The facts of one network.

    ``module`` is "networks.file:Class" within this library. ``parameters`` counts the learned numbers that fusion
    uses (a discriminator is not counted; frozen ones are); ``published_parameters`` is what the paper says, None
    where it does not. ``receptive_field`` is how far, in voxels, a voxel of the output looks; None: at everything.
    ``method`` is the fusion method that uses it, "fusion.file:Class": another than the default where the network is one
    part of a method. ``settings`` are what a user may choose without other weights, such as the rule that joins the
    features. ``training`` is the step by which it is trained, "training.file:Class" within this library; ``critics``
    the discriminators of an adversarial one, "networks.file:Class"; ``task`` what it is trained for,
    "training.file:TASK". ``roles`` says that its ``forward`` also takes ``functional``, which sources are functional.
    The others are as on a method's :class:`~MedFusionLib.fusion.card.Card`.
    """

    name: str
    title: str
    family: Family
    module: str
    reference: str
    summary: str
    parameters: int
    doi: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    dimensions: tuple[int, ...] = (2,)
    sources: tuple[int, int | None] = (2, 2)
    symmetric: bool = False
    published_parameters: int | None = None
    receptive_field: int | None = None
    workspace: float = 64.0
    requires: tuple[str, ...] = ("torch", "safetensors")
    settings: tuple[Parameter, ...] = ()
    method: str = "fusion.learned:Learned"
    training: str = "training.step:PlainStep"
    task: str = "training.fusing:FUSING"
    critics: str = ""
    roles: bool = False


_ADVERSARIAL = "training.adversarial:AdversarialStep"
_OWN = "MedFusion's own network; not from a paper"
_DETAIL = Parameter("detail", 0.0, "How much of small structures of sources that are not chosen is added",
                    minimum=0.0, maximum=1.0)

_CNN: tuple[Network, ...] = (
    Network("medfusion", "MedFusion", "cnn", "networks.medfusion:MedFusion", _OWN,
            "Weighs the sources voxel by voxel and adds a small bounded change; black stays black",
            parameters=67_417, sources=(2, None), symmetric=True, roles=True, receptive_field=51, workspace=32.0,
            settings=(_DETAIL,)),
    Network("medfusion_3d", "MedFusion 3-D", "cnn", "networks.medfusion:MedFusion", _OWN,
            "The same for whole volumes, which sees across slices",
            parameters=134_233, options={"dimension": 3}, dimensions=(3,),
            sources=(2, None), symmetric=True, roles=True, receptive_field=51, workspace=16.0,
            settings=(_DETAIL,)),
    Network("siamese", "Siamese weights, pyramid fusion", "cnn", "networks.siamese:Siamese",
            "Y. Liu, X. Chen, J. Cheng and H. Peng, A medical image fusion method based on convolutional neural "
            "networks, 20th International Conference on Information Fusion, 2017",
            "Two equal branches compare patches; their weights join the sources' Laplacian pyramids",
            parameters=435_202, doi="10.23919/ICIF.2017.8009769", workspace=128.0,
            training="training.classifier_step:ClassifierStep"),
    Network("ifcnn", "IFCNN", "cnn", "networks.ifcnn:IFCNN",
            "Y. Zhang, Y. Liu, P. Sun, H. Yan, X. Zhao and L. Zhang, IFCNN: a general image fusion framework based on "
            "convolutional neural network, Information Fusion 54, 2020",
            "Joins the features of any number of sources element by element; four convolutions",
            parameters=83_587, doi="10.1016/j.inffus.2019.07.011", sources=(2, None), symmetric=True,
            receptive_field=5, workspace=200.0,
            settings=(Parameter("rule", "max", "How features are joined", choices=("max", "mean", "sum")),)),
    Network("densefuse", "DenseFuse (encoder, rule, decoder)", "cnn", "networks.densefuse:DenseFuse",
            "H. Li and X.-J. Wu, DenseFuse: a fusion approach to infrared and visible images, IEEE Transactions on "
            "Image Processing 28(5), 2019",
            "A densely connected autoencoder; the features of any number of sources are joined in its middle",
            parameters=74_193, doi="10.1109/TIP.2018.2887342", sources=(2, None), symmetric=True,
            receptive_field=9, workspace=160.0,
            settings=(Parameter("rule", "l1", "How features are joined", choices=("l1", "mean", "sum", "max")),),
            training="training.reconstruction:ReconstructionStep"),
    Network("mcfnet", "MCFNet", "cnn", "networks.mcfnet:MCFNet",
            "X. Liang, P. Hu, L. Zhang, J. Sun and G. Yin, MCFNet: multi-layer concatenation fusion network for "
            "medical images fusion, IEEE Sensors Journal 19(16), 2019",
            "Samples both sources down and up again, with the maps of all layers at hand; end to end",
            parameters=389_563, doi="10.1109/JSEN.2019.2913281"),
    Network("dmcfusion", "DMC-Fusion", "cnn", "networks.dmcfusion:DMCFusion",
            "Q. Zuo, J. Zhang and Y. Yang, DMC-Fusion: deep multi-cascade fusion with classifier-based feature "
            "synthesis for medical multi-modal images, IEEE Journal of Biomedical and Health Informatics 25(9), 2021",
            "Tells fine from coarse features and joins them on every decoding stage, by firing neurons and l1 weights",
            parameters=74_193, doi="10.1109/JBHI.2021.3083752", sources=(2, None), symmetric=True, workspace=320.0,
            settings=(Parameter("threshold", 20.0, "From how many dB on a feature map counts as fine", 0.0, 60.0),
                      Parameter("iterations", 110, "How long the neurons fire; time grows with it", 1, 200)),
            training="training.reconstruction:ReconstructionStep"),
    Network("unet", "U-Net", "cnn", "networks.unet:UNet",
            "O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image "
            "segmentation, MICCAI 2015",
            "Both sources enter, the fused picture leaves: the plain end-to-end network; narrower than the published",
            parameters=481_889, doi="10.1007/978-3-319-24574-4_28", options={"channels": 16}),
    Network("unet_3d", "U-Net 3-D", "cnn", "networks.unet:UNet",
            "O. Cicek, A. Abdulkadir, S. Lienkamp, T. Brox and O. Ronneberger, 3D U-Net: learning dense volumetric "
            "segmentation from sparse annotation, MICCAI 2016",
            "The U-Net for whole volumes, which sees across slices; narrower than the published",
            parameters=1_400_993, doi="10.1007/978-3-319-46723-8_49", options={"dimension": 3, "channels": 16},
            dimensions=(3,)),
    Network("vgg_features", "VGG-19 features (ImageNet)", "cnn", "networks.vgg_features:VGGFeatures",
            "H. Li, X.-J. Wu and J. Kittler, Infrared and visible image fusion using a deep learning framework, 24th "
            "International Conference on Pattern Recognition, 2018",
            "Details weighed by what a network trained on photographs sees in them; nothing is learned for fusion",
            parameters=3_505_728, doi="10.1109/ICPR.2018.8546006", sources=(2, None), symmetric=True,
            workspace=320.0),
    Network("resnet_features", "ResNet-50 features (ImageNet)", "cnn", "networks.resnet_features:ResNetFeatures",
            "H. Li, X.-J. Wu and T. S. Durrani, Infrared and visible image fusion with ResNet and zero-phase component "
            "analysis, Infrared Physics and Technology 102, 2019",
            "Sources weighed by what a deep network trained on photographs sees in them; nothing is learned for fusion",
            parameters=8_543_296, doi="10.1016/j.infrared.2019.103039", sources=(2, None), symmetric=True),
    Network("wavelet_vgg", "Wavelet bands by VGG-19 features (ImageNet)", "cnn", "networks.wavelet_vgg:WaveletVGG",
            "S. Kalamkar and A. G. Mary, Multimodal medical image fusion using transfer learning approach, "
            "International Journal of Advanced Computer Science and Applications 13(12), 2022",
            "Wavelet bands weighed by what a network trained on photographs sees; nothing is learned for fusion",
            parameters=3_505_728, sources=(2, None), symmetric=True, workspace=160.0),
    Network("resnet_encoder", "ResNet encoder tuned for fusion", "cnn", "networks.resnet_encoder:ResNetEncoder",
            "K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, CVPR 2016",
            "The first half of a ResNet-18 and a decoder weigh any number of sources; black stays black",
            parameters=835_697, doi="10.1109/CVPR.2016.90", sources=(2, None), symmetric=True, workspace=160.0,
            training="training.encoder_step:EncoderStep"),
    Network("contourlet_cnn", "Contourlet with CNN weights", "cnn", "networks.band_decision:BandDecision",
            "Z. Wang, X. Li, H. Duan, Y. Su, X. Zhang and X. Guan, Medical image fusion based on convolutional neural "
            "networks and non-subsampled contourlet transform, Expert Systems with Applications 171, 2021",
            "Picks details in many directions at full resolution; a network decides whose",
            parameters=5_088, doi="10.1016/j.eswa.2021.114574", sources=(2, None), symmetric=True, workspace=120.0,
            method="fusion.learned_contourlet:LearnedContourlet", training="training.contourlet_step:ContourletStep"),
)

_GAN: tuple[Network, ...] = (
    Network("fusiongan", "FusionGAN", "gan", "networks.fusiongan:FusionGAN",
            "J. Ma, W. Yu, P. Liang, C. Li and J. Jiang, FusionGAN: a generative adversarial network for infrared and "
            "visible image fusion, Information Fusion 48, 2019",
            "Five wide convolutions draw the fused picture against a critic of the first source's texture",
            parameters=925_633, doi="10.1016/j.inffus.2018.09.004", receptive_field=6, workspace=448.0,
            training=_ADVERSARIAL, critics="networks.fusiongan:FusionGANCritics"),
    Network("ddcgan", "DDcGAN", "gan", "networks.ddcgan:DDcGAN",
            "J. Ma, H. Xu, J. Jiang, X. Mei and X.-P. Zhang, DDcGAN: a dual-discriminator conditional generative "
            "adversarial network for multi-resolution image fusion, IEEE Transactions on Image Processing 29, 2020",
            "Keeps the texture of the first source and the intensities of the second; a critic for each",
            parameters=1_097_665, doi="10.1109/TIP.2020.2977573", receptive_field=10, workspace=704.0,
            training=_ADVERSARIAL, critics="networks.ddcgan:DDcGANCritics"),
    Network("mgmdcgan", "MGMDcGAN", "gan", "networks.mgmdcgan:MGMDcGAN",
            "J. Huang, Z. Le, Y. Ma, F. Fan, H. Zhang and L. Yang, MGMDcGAN: medical image fusion using "
            "multi-generator multi-discriminator conditional generative adversarial network, IEEE Access 8, 2020",
            "Fuses structure (first) with function (second), then mends dense structure; narrower than theirs",
            parameters=550_466, doi="10.1109/ACCESS.2020.2982016", options={"growth": 24, "ratio": 1}, workspace=896.0,
            training=_ADVERSARIAL, critics="networks.mgmdcgan:MGMDcGANCritics"),
    Network("fusegan", "FuseGAN", "gan", "networks.fusegan:FuseGAN",
            "X. Guo, R. Nie, J. Cao, D. Zhou, L. Mei and K. He, FuseGAN: learning to fuse multi-focus image via "
            "conditional generative adversarial network, IEEE Transactions on Multimedia 21(8), 2019",
            "A Siamese encoder gives each pixel the confidence with which the sources are weighed",
            parameters=565_729, doi="10.1109/TMM.2019.2895292", options={"width": 16}, workspace=192.0,
            training=_ADVERSARIAL, critics="networks.fusegan:FuseGANCritics"),
    Network("pix2pix", "Conditional GAN (Pix2Pix)", "gan", "networks.pix2pix:UNetGenerator",
            "P. Isola, J.-Y. Zhu, T. Zhou and A. Efros, Image-to-image translation with conditional adversarial "
            "networks, CVPR 2017",
            "A U-Net draws the fused picture, judged patch by patch; narrower than the published one",
            parameters=1_042_337, doi="10.1109/CVPR.2017.632", options={"width": 16, "depth": 5},
            training=_ADVERSARIAL, critics="networks.pix2pix:Pix2PixCritics"),
)

_TRANSFORMER: tuple[Network, ...] = (
    Network("attention", "Self-attention encoder-decoder", "transformer",
            "networks.attention_fusion:AttentionFusion",
            "A. Vaswani et al., Attention is all you need, NeurIPS 2017; A. Dosovitskiy et al., An image is worth "
            "16 x 16 words, ICLR 2021",
            "Every patch looks at all patches of all sources, then each pixel weighs the sources; black stays black",
            parameters=1_200_849, sources=(2, None), symmetric=True, workspace=256.0),
    Network("swinfusion", "SwinFusion", "transformer", "networks.swinfusion:SwinFusion",
            "J. Ma, L. Tang, F. Fan, J. Huang, X. Mei and Y. Ma, SwinFusion: cross-domain long-range learning for "
            "general image fusion via Swin transformer, IEEE/CAA Journal of Automatica Sinica 9(7), 2022",
            "Attention in shifted windows, within each source and then across both; narrower than the published",
            parameters=155_421, doi="10.1109/JAS.2022.105686", published_parameters=973_681,
            workspace=640.0,
            options={"width": 32, "heads": 2, "depth": 2, "exchanges": 1}),
    Network("transfuse", "TransFuse", "transformer", "networks.transfuse:TransFuse",
            "Y. Zhang, H. Liu and Q. Hu, TransFuse: fusing transformers and CNNs for medical image segmentation, "
            "MICCAI 2021",
            "A CNN and a transformer side by side say how to weigh the sources; narrower than the published one",
            parameters=1_693_772, doi="10.1007/978-3-030-87193-2_2"),
)

#: Every network by name.
NETWORKS: dict[str, Network] = {network.name: network for network in (*_CNN, *_GAN, *_TRANSFORMER)}

"""Training of the segmenters: patients with an outlined tumour in, weights with a card out.

Their rows name :func:`MedFusionLib.training.segmentation.run.run`, which ``MedFusionLib.training.train`` calls. A
recipe has one data set of ``cases`` whose ``volumes`` are a CT, a PET and an MR, and says the rest under ``step``: see
:class:`MedFusionLib.training.segmentation.options.Options`.
"""

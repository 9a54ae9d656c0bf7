"""Training of the segmenters: patients with an outlined tumour in, weights with a card out.

They are trained as the fusion networks are, by ``MedFusionLib.training.train``, which finds their task and their step
in their rows. A recipe has one data set of ``cases`` whose ``volumes`` are a CT, a PET and an MR, and says the rest
under ``step``: see :class:`MedFusionLib.training.segmentation.options.Options`.
"""

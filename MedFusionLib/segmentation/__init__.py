"""Tumour segmentation from CT, PET and MR: ``segment`` takes volumes to a label map on the fixed grid."""

from MedFusionLib.segmentation.segment import Segmentation, segment

__all__ = ["Segmentation", "segment"]

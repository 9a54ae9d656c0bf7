"""Fusion: the methods, their catalog, and how volumes are taken through them."""

"""Training of the fusion networks. Only this package and what it imports may load torch at import."""

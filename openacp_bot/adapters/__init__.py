"""The surfaces: one folder each, which never import each other."""

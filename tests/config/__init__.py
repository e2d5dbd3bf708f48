"""Configuration: real files, real environments."""

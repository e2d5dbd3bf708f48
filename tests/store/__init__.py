"""What the SQLite store promises beyond its ports."""

"""Tests of what chat platforms share."""

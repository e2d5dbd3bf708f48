"""Tests of the agent room, against real processes."""

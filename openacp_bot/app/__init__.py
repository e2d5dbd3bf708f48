"""Chooses between the rooms: builds the daemon out of them, and leads it through its life."""

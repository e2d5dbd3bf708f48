"""What all tests share: how long Hypothesis looks for faults (`HYPOTHESIS_PROFILE=long` in `.ci/full`)."""

from __future__ import annotations

import os

from hypothesis import settings

# No deadlines: other programs run on the machine too, and a slow example is no fault.
settings.register_profile("quick", deadline=None, max_examples=50, stateful_step_count=30)
settings.register_profile("long", deadline=None, max_examples=2000, stateful_step_count=80)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

"""What the daemon costs: `python -m tests.benchmarks` measures real processes and prints one table."""

"""What epview costs, as ratios to yardsticks measured beside it: ``.venv/bin/python -m tests.benchmarks``."""

"""The outside world: every source gives the same stream of changes."""

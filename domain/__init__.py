"""The rules of the seven systems: pure decisions, no I/O, no clock, no randomness."""

"""Benchmarks: ours in both engines, and the peers side by side. `python -m bench --help`; docs/benchmarks.md."""

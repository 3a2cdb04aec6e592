"""Benchmarks: measured on real data, never timed assertions."""

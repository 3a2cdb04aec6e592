"""Dagster only: assets, checks, resources, partitions and automation."""

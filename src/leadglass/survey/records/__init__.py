"""Observations and evidence on disk, append-only, and played back."""

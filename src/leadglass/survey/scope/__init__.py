"""Consent: the scope as a signed file, what it allows in plain words, and the warrant that a run carries."""

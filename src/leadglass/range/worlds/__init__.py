"""Profiles: which systems there are, and the generators that fill them."""

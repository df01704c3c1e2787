"""Figures: our server and the peers in turn, on the same machine, with the same data. See README.md."""

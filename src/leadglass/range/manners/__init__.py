"""How each kind of simulated system behaves on one connection."""

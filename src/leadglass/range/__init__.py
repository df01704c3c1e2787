"""The practice range: simulated systems on loopback whose truth is known. Test bed, demonstration and benchmark.

manner.py    what a simulated service does on one connection, pure
manners/     one small file for each kind of system
world.py     the systems of a profile, and what is true of them
worlds/      profiles: TOML and the generators that fill them
law.py       counts what a survey asked for, by the level it needs
serving.py   one listener a port, all of 127.0.0.0/8
"""

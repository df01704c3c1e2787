"""Data elements as bytes: how they are laid out, and one parser for nested ones (PS3.5 §7).

`encoding` knows the layouts and tells which one a data set really uses; `tree` parses a data set with all its
sequences into light tuples, without recursion and under ceilings; `inflate` opens deflated data sets a step at a
time; `refusals` words what we tell a peer whose bytes are not a data set.
"""

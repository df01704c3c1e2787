"""Data elements as bytes: how they are laid out, walked and parsed (PS3.5 §7).

`encoding` knows the layouts and tells which one a data set really uses. Two readers stand on it: `walk`, the hot loop
over top-level elements that the index lives on, and `tree`, which parses a data set with all its sequences, without
recursion and under ceilings. `inflate` opens deflated data sets a step at a time. `values` and `json_values` turn a
value's bytes into text and into JSON; `index_tags` lists what the index keeps; `refusals` words what a peer is told
whose bytes are not a data set.
"""

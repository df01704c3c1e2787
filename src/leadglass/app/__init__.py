"""The only room that knows everything: configuration, wiring, the command line.

`configuration` reads leadglass.toml, `home` is the folder everything lives in, `house` wires the rooms together,
`serving` opens the doors, `verbs/` are the things an administrator can do (through `control` also while the server
runs), and `cli` puts words to them.
"""

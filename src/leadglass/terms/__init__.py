"""Words shared by every room: values without behaviour that touches the world.

Nothing here opens a file, reads a clock or draws a random number. If two rooms need the same word, it lives
here; if only one does, it lives there.
"""

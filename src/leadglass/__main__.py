"""`python -m leadglass`."""

from leadglass.app.cli import main

main()

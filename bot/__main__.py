"""`python -m bot` is the same as the command `deferbot`."""

from bot.cli import main

main()

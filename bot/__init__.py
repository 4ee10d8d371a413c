"""deferbot: ChatOps for PowerMTA deferrals. Start reading at `bot/README.md`."""

__version__ = "0.1.0"

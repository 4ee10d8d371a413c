"""The functional core: values and decisions about mail. Standard library only; no I/O, no clock, no log."""

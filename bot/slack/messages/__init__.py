"""Every text people read, as pure builders: values in, Block Kit out. No I/O, no clock."""

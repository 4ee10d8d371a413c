"""The fakes, one file each; import them from `tests.fakes`."""

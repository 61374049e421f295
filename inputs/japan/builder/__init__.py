"""Builds the tables of the Japan case from the source tables beside it."""

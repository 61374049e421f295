"""Paths that people give: what stands there, and how something new takes its place."""

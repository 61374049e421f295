"""Input and output: hostile files in, checked values out, whole files or none, and signals."""

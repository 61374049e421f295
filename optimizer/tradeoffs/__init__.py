"""What is given up for what: how fairly a plan divides, and among whom."""

"""What is given up for what: one goal for another, and how fairly a plan divides among whom."""

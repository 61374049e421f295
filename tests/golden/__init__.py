"""Golden LP files, one per rule, and the small cases they are built from."""

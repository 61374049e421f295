"""Text of messages: numbers in them, and characters that no name needs."""

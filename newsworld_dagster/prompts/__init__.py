"""Prompts as versioned files, and the forms of their answers."""

"""The chat's read models."""

"""Conversations between people, and whom each of them knows."""

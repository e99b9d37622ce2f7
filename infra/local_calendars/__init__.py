"""Calendars in memory that speak as Google's and Microsoft's do: where those cannot be reached, and for tests."""

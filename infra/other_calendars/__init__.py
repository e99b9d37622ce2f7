"""Calendars of Google and of Microsoft (Outlook, Microsoft 365) over their own APIs."""

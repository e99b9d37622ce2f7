"""Bookable time: event types, schedules, calendars that never double-book, teams."""

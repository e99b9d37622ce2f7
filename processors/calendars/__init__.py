"""The only one who speaks to calendars that people keep elsewhere: busy times come in, bookings go out."""

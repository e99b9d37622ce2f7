"""The ways out of the house: mail by SMTP or into a folder, and calls to addresses on the web."""

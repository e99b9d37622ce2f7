"""Car parks: what is promised of their spaces, who is in, and what it costs."""

"""How commands get onto the log and answers come back."""

"""What operators type, one module per concern; each command is thin over a function that tests call, too."""

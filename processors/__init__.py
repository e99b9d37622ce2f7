"""What runs on the log: the command processor, stream workers with their handlers, policies and deadlines."""

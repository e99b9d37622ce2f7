"""Who people are: the unique things they hold, their accounts, their sessions."""

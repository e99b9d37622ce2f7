"""Car parks as drivers and operators see them."""

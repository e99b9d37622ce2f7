"""What people are told, by which channels and when: in the console, by e-mail, to a webhook, by Web Push."""

"""What leaves the house: mails, webhooks, Web Push."""

"""What to look at: addresses of the scope, scans that others made, and which country and network an address is in."""

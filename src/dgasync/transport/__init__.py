"""The only code that touches a socket, a thread or a loop: `seam` says what it offers, `default` picks who does it."""

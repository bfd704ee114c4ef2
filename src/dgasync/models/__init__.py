"""What crosses the wire: options, answers, and their parts; fields only."""

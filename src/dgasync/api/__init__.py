"""What users call, a module per product, on one road for every request."""

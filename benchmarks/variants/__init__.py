"""The same works by different hands: each module has one function for each work it can do."""

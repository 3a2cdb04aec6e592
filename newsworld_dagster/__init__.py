"""NewsWorld: a predictive news desk that keeps score of itself."""

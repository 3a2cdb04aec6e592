{{ scorecard_counts(['forecaster', 'band']) }}

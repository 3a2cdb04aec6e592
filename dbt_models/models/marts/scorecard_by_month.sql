{{ scorecard_counts(['forecaster', 'month']) }}

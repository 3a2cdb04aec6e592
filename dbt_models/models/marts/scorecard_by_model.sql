{{ scorecard_counts(['forecaster', 'model']) }}

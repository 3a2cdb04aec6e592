{{ scorecard_counts(['forecaster', 'section']) }}

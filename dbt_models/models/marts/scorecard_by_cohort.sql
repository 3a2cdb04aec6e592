{{ scorecard_counts(['forecaster', 'cohort']) }}

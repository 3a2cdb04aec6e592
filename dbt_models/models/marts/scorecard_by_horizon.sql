{{ scorecard_counts(['forecaster', 'window_days']) }}

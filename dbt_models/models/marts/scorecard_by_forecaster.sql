{{ scorecard_counts(['forecaster']) }}

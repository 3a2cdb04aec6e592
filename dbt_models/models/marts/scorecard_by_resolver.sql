{{ scorecard_counts(['forecaster', 'resolver']) }}

{{ scorecard_counts(['forecaster', 'deadline_month']) }}

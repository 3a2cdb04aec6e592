{{ scorecard_counts(['forecaster', 'family', 'template']) }}

{{ scorecard_counts(['forecaster', 'prompt_digest']) }}

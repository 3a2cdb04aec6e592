-- What a language model wrote and was asked, and what its judge leaves to a person.

CREATE TABLE forecasts.analyses (
    report_id VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    articles BIGINT NOT NULL,
    prompt_digest VARCHAR NOT NULL,
    input_digest VARCHAR NOT NULL,
    request_digest VARCHAR NOT NULL,
    cost_usd DOUBLE NOT NULL,
    tokens BIGINT NOT NULL,
    seconds DOUBLE NOT NULL
);

CREATE TABLE forecasts.report_texts (
    report_id VARCHAR NOT NULL,
    place BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    heading VARCHAR NOT NULL,
    "by" TIMESTAMP,
    text VARCHAR NOT NULL,
    cites VARCHAR NOT NULL
);

CREATE TABLE forecasts.samples (
    sample_id VARCHAR NOT NULL,
    claim_id VARCHAR NOT NULL,
    report_id VARCHAR NOT NULL,
    sample_index BIGINT NOT NULL,
    probability DOUBLE,
    weight DOUBLE NOT NULL,
    reasoning VARCHAR,
    fault VARCHAR,
    model VARCHAR NOT NULL,
    prompt_digest VARCHAR NOT NULL,
    request_digest VARCHAR NOT NULL,
    tokens BIGINT NOT NULL,
    cost_usd DOUBLE NOT NULL,
    seconds DOUBLE NOT NULL
);

CREATE TABLE forecasts.model_calls (
    call_id VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    topic_id VARCHAR,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    prompt_id VARCHAR NOT NULL,
    prompt_digest VARCHAR NOT NULL,
    input_digest VARCHAR NOT NULL,
    request_digest VARCHAR NOT NULL,
    sample_index BIGINT NOT NULL,
    model VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL,
    fault VARCHAR,
    reason VARCHAR,
    raw VARCHAR,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    cost_usd DOUBLE NOT NULL,
    charged_usd DOUBLE NOT NULL,
    seconds DOUBLE NOT NULL
);

CREATE TABLE outcomes.judge_queue (
    queue_id VARCHAR NOT NULL,
    claim_id VARCHAR NOT NULL,
    question_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    because VARCHAR NOT NULL,
    passes VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL
);

CREATE TABLE stories.written_digests (
    day TIMESTAMP NOT NULL,
    section VARCHAR NOT NULL,
    rank BIGINT NOT NULL,
    as_of TIMESTAMP NOT NULL,
    headline VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    sources VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    prompt_digest VARCHAR NOT NULL,
    request_digest VARCHAR NOT NULL
);

CREATE TABLE stories.written_labels (
    topic_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    label VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    prompt_digest VARCHAR NOT NULL,
    request_digest VARCHAR NOT NULL
);

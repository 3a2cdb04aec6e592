-- The whole lineage, in the portable subset: no keys, no fixed-size arrays.
-- Uniqueness and ranges are held by the contracts, the asset checks and the dbt tests.

CREATE SCHEMA IF NOT EXISTS news;
CREATE SCHEMA IF NOT EXISTS embeddings;
CREATE SCHEMA IF NOT EXISTS stories;
CREATE SCHEMA IF NOT EXISTS forecasts;
CREATE SCHEMA IF NOT EXISTS outcomes;
CREATE SCHEMA IF NOT EXISTS scorecards;

CREATE TABLE news.articles (
    article_id VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    canonical_url VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    publisher VARCHAR NOT NULL,
    section VARCHAR,
    source VARCHAR NOT NULL,
    published_at TIMESTAMP,
    first_seen_at TIMESTAMP NOT NULL,
    day TIMESTAMP NOT NULL,
    content_digest VARCHAR NOT NULL,
    duplicate_of VARCHAR,
    duplicate_kind VARCHAR
);

CREATE TABLE news.rejects (
    reject_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,
    rejected_at TIMESTAMP NOT NULL
);

CREATE TABLE news.feed_state (
    feed_url VARCHAR NOT NULL,
    etag VARCHAR,
    last_modified VARCHAR,
    status VARCHAR NOT NULL,
    error VARCHAR,
    failures BIGINT NOT NULL,
    polled_at TIMESTAMP NOT NULL,
    succeeded_at TIMESTAMP
);

CREATE TABLE embeddings.vectors (
    model VARCHAR NOT NULL,
    content_digest VARCHAR NOT NULL,
    vector FLOAT [] NOT NULL
);

CREATE TABLE stories.assignments (
    article_id VARCHAR NOT NULL,
    story_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    score DOUBLE NOT NULL,
    reason VARCHAR NOT NULL
);

CREATE TABLE stories.lineage (
    day TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL,
    from_story_id VARCHAR NOT NULL,
    to_story_id VARCHAR NOT NULL,
    articles BIGINT NOT NULL,
    reason VARCHAR NOT NULL
);

CREATE TABLE stories.topics (
    topic_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    label VARCHAR NOT NULL,
    keywords VARCHAR NOT NULL,
    section VARCHAR NOT NULL,
    articles BIGINT NOT NULL,
    publishers BIGINT NOT NULL,
    stories BIGINT NOT NULL,
    first_seen_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    vector FLOAT [] NOT NULL
);

CREATE TABLE stories.topic_stories (
    story_id VARCHAR NOT NULL,
    topic_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    score DOUBLE NOT NULL
);

CREATE TABLE forecasts.editions (
    forecaster VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    phase VARCHAR NOT NULL,
    claims BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    fitted_on BIGINT NOT NULL,
    input_digest VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL
);

CREATE TABLE forecasts.reports (
    report_id VARCHAR NOT NULL,
    forecaster VARCHAR NOT NULL,
    topic_id VARCHAR NOT NULL,
    topic_label VARCHAR NOT NULL,
    section VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    headline VARCHAR NOT NULL,
    overview VARCHAR NOT NULL,
    claims BIGINT NOT NULL,
    sources VARCHAR NOT NULL,
    model VARCHAR NOT NULL
);

CREATE TABLE forecasts.anchors (
    anchor_id VARCHAR NOT NULL,
    topic_id VARCHAR NOT NULL,
    as_of TIMESTAMP NOT NULL,
    model VARCHAR NOT NULL,
    vector FLOAT [] NOT NULL,
    terms VARCHAR NOT NULL,
    min_similarity DOUBLE NOT NULL
);

CREATE TABLE forecasts.claims (
    seq BIGINT NOT NULL,
    claim_id VARCHAR NOT NULL,
    question_id VARCHAR NOT NULL,
    report_id VARCHAR NOT NULL,
    topic_id VARCHAR NOT NULL,
    topic_label VARCHAR NOT NULL,
    section VARCHAR NOT NULL,
    forecaster VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    prompt_digest VARCHAR,
    input_digest VARCHAR NOT NULL,
    sample_index BIGINT NOT NULL,
    template VARCHAR NOT NULL,
    statement VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    threshold DOUBLE,
    made_at TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    day TIMESTAMP NOT NULL,
    resolve_by TIMESTAMP NOT NULL,
    window_days BIGINT NOT NULL,
    probability DOUBLE NOT NULL,
    band VARCHAR NOT NULL,
    rationale VARCHAR NOT NULL,
    resolution_criteria VARCHAR NOT NULL,
    resolver VARCHAR NOT NULL,
    spec VARCHAR,
    sources VARCHAR NOT NULL,
    features VARCHAR NOT NULL,
    findings VARCHAR NOT NULL,
    phase VARCHAR NOT NULL,
    cost_usd DOUBLE NOT NULL,
    code_version VARCHAR NOT NULL,
    previous_hash VARCHAR NOT NULL,
    row_hash VARCHAR NOT NULL
);

CREATE TABLE forecasts.refusals (
    refusal_id VARCHAR NOT NULL,
    forecaster VARCHAR NOT NULL,
    topic_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    statement VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    raw VARCHAR
);

CREATE TABLE outcomes.resolutions (
    resolution_id VARCHAR NOT NULL,
    claim_id VARCHAR NOT NULL,
    question_id VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    decided_at TIMESTAMP NOT NULL,
    day TIMESTAMP NOT NULL,
    decided_by VARCHAR NOT NULL,
    evidence VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    supersedes VARCHAR,
    code_version VARCHAR NOT NULL
);

CREATE TABLE scorecards.scorecard (
    "by" VARCHAR NOT NULL,
    "group" VARCHAR NOT NULL,
    forecaster VARCHAR NOT NULL,
    made BIGINT NOT NULL,
    due BIGINT NOT NULL,
    scored BIGINT NOT NULL,
    void BIGINT NOT NULL,
    pending BIGINT NOT NULL,
    overdue BIGINT NOT NULL,
    early BIGINT NOT NULL,
    base_rate DOUBLE,
    brier DOUBLE,
    brier_low DOUBLE,
    brier_high DOUBLE,
    log_score DOUBLE,
    skill DOUBLE,
    skill_low DOUBLE,
    skill_high DOUBLE,
    miscalibration DOUBLE,
    discrimination DOUBLE,
    uncertainty DOUBLE,
    topics BIGINT NOT NULL
);

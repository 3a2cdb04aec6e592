-- What readers see of a day: steps of timelines, and digests of sections.

CREATE TABLE stories.timelines (
    entry_id VARCHAR NOT NULL,
    topic_id VARCHAR NOT NULL,
    day TIMESTAMP NOT NULL,
    as_of TIMESTAMP NOT NULL,
    "date" TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL,
    sentence VARCHAR NOT NULL,
    story_id VARCHAR,
    article_id VARCHAR,
    articles BIGINT NOT NULL,
    independent_sources BIGINT NOT NULL,
    sources VARCHAR NOT NULL,
    claim_id VARCHAR,
    forecaster VARCHAR,
    probability DOUBLE,
    resolve_by TIMESTAMP,
    verdict VARCHAR
);

CREATE TABLE stories.digests (
    day TIMESTAMP NOT NULL,
    period VARCHAR NOT NULL,
    section VARCHAR NOT NULL,
    rank BIGINT NOT NULL,
    as_of TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    headline VARCHAR NOT NULL,
    article_id VARCHAR,
    sentence VARCHAR,
    sentence_article_id VARCHAR,
    story_id VARCHAR,
    topic_id VARCHAR NOT NULL,
    topic_label VARCHAR NOT NULL,
    claim_id VARCHAR,
    forecaster VARCHAR,
    probability DOUBLE,
    resolve_by TIMESTAMP,
    days_left DOUBLE,
    articles BIGINT NOT NULL,
    independent_sources BIGINT NOT NULL,
    fresh_sources BIGINT NOT NULL,
    sources VARCHAR NOT NULL,
    score DOUBLE NOT NULL
);

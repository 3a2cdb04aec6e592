-- Names and terms that burst, per day and section.

CREATE TABLE stories.trending (
    day TIMESTAMP NOT NULL,
    section VARCHAR NOT NULL,
    rank BIGINT NOT NULL,
    term VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    articles BIGINT NOT NULL,
    publishers BIGINT NOT NULL,
    expected DOUBLE NOT NULL,
    score DOUBLE NOT NULL,
    story_id VARCHAR,
    topic_id VARCHAR,
    first_seen_at TIMESTAMP NOT NULL
);

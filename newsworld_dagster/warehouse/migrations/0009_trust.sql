-- What hostile feeds and doubted records need: health of feeds, revisions, dates, heads.

ALTER TABLE news.feed_state ADD COLUMN health VARCHAR DEFAULT 'good';
ALTER TABLE news.feed_state ADD COLUMN next_poll_at TIMESTAMP;
ALTER TABLE news.feed_state ADD COLUMN body_digest VARCHAR;
ALTER TABLE news.feed_state ADD COLUMN entries BIGINT DEFAULT 0;
ALTER TABLE news.feed_state ADD COLUMN moved_to VARCHAR;
ALTER TABLE news.feed_state ADD COLUMN moved_seen BIGINT DEFAULT 0;

CREATE TABLE news.revisions (
    revision_id VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    day TIMESTAMP NOT NULL,
    title VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    content_digest VARCHAR NOT NULL,
    previous_digest VARCHAR NOT NULL,
    source VARCHAR NOT NULL
);

CREATE TABLE news.date_repairs (
    repair_id VARCHAR NOT NULL,
    article_id VARCHAR NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    day TIMESTAMP NOT NULL,
    raw VARCHAR NOT NULL,
    published_at TIMESTAMP,
    reason VARCHAR NOT NULL
);

CREATE TABLE outcomes.verdict_chain (
    seq BIGINT NOT NULL,
    resolution_id VARCHAR NOT NULL,
    sealed_at TIMESTAMP NOT NULL,
    previous_hash VARCHAR NOT NULL,
    row_hash VARCHAR NOT NULL
);

CREATE TABLE forecasts.heads (
    head_id VARCHAR NOT NULL,
    seq BIGINT NOT NULL,
    day TIMESTAMP NOT NULL,
    claims BIGINT NOT NULL,
    claims_head VARCHAR NOT NULL,
    verdicts BIGINT NOT NULL,
    verdicts_head VARCHAR NOT NULL,
    previous_head VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL
);

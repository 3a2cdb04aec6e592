-- How much a topic matters on the day of its row, and where in its life it is. Topics described
-- before this migration count as active; making their days anew tells more.
-- DuckDB adds columns one by one and without NOT NULL; the contract holds them.

ALTER TABLE stories.topics ADD COLUMN independent_publishers BIGINT DEFAULT 0;
ALTER TABLE stories.topics ADD COLUMN growth DOUBLE DEFAULT 0;
ALTER TABLE stories.topics ADD COLUMN novelty DOUBLE DEFAULT 0;
ALTER TABLE stories.topics ADD COLUMN persistence DOUBLE DEFAULT 0;
ALTER TABLE stories.topics ADD COLUMN significance DOUBLE DEFAULT 0;
ALTER TABLE stories.topics ADD COLUMN lifecycle VARCHAR DEFAULT 'active';
ALTER TABLE stories.topics ADD COLUMN dormant_from TIMESTAMP;
ALTER TABLE stories.topics ADD COLUMN closed_from TIMESTAMP;
UPDATE stories.topics SET
    dormant_from = date_trunc('day', last_seen_at) + INTERVAL 8 DAY,
    closed_from = date_trunc('day', last_seen_at) + INTERVAL 30 DAY;

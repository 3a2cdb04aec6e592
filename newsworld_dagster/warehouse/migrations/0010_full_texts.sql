-- Texts of article pages, for feeds that ask for them; each with its own moment.

CREATE TABLE news.full_texts (
    article_id VARCHAR NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    day TIMESTAMP NOT NULL,
    source VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    cut BOOLEAN NOT NULL
);

select
    article_id,
    canonical_url,
    title,
    summary,
    publisher,
    section,
    source,
    published_at,
    first_seen_at,
    day,
    content_digest,
    duplicate_of,
    duplicate_kind,
    duplicate_of is not null as is_duplicate
from {{ unqualified(source('news', 'articles')) }}

select
    topic_id,
    day,
    label,
    keywords,
    section,
    articles,
    publishers,
    stories,
    first_seen_at,
    last_seen_at
from {{ unqualified(source('stories', 'topics')) }}

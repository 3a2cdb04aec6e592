"""Titles and summaries of a window that moves on day by day, read once each."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.warehouse.asof import Reader


class TextMemory:
    """Titles and summaries for a step over many days, whose windows overlap.

    The text that an article came in with never changes, so what was read for one day holds for
    every other; and what was worked out of a text is found again quickly by the same string.
    Articles that have left the window are forgotten once they are more than those that are in it.
    """

    def __init__(self) -> None:
        self._texts: dict[str, tuple[str, str]] = {}

    def put(self, reader: Reader, articles: pd.DataFrame) -> pd.DataFrame:
        """Articles (columns article_id and first_seen_at) with their title and summary."""
        wanted = articles["article_id"].tolist()
        if len(self._texts) > 2 * len(wanted):
            self._texts = {one: self._texts[one] for one in wanted if one in self._texts}
        unread = [one not in self._texts for one in wanted]
        if any(unread):
            seen = articles.loc[unread, "first_seen_at"]
            columns = ("article_id", "title", "summary")
            found = reader.articles_as_of(seen.max(), seen.min(), columns)
            read = (found[name].tolist() for name in columns)
            self._texts |= {
                one: (title, summary) for one, title, summary in zip(*read, strict=True)
            }
        texts = [self._texts[one] for one in wanted]
        titles, summaries = ([text[part] for text in texts] for part in range(2))
        return articles.assign(
            title=pd.Series(titles, index=articles.index, dtype=object),
            summary=pd.Series(summaries, index=articles.index, dtype=object),
        )

"""Where each page is: one function a kind, paths relative to the edition's folder."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from newsworld_dagster.edition.text import page_name


def report(report_id: str) -> str:
    """A prediction page."""
    return f"predictions/{page_name(report_id)}.html"


def question(question_id: str) -> str:
    """A claim page: one question with the answers of all forecasters."""
    return f"claims/{page_name(question_id)}.html"


def topic(topic_id: str) -> str:
    """A timeline."""
    return f"timelines/{page_name(topic_id)}.html"


def section(name: str) -> str:
    """A section page."""
    return f"sections/{page_name(name.lower())}.html"


def edition(day: date | datetime) -> str:
    """All that was published on a day."""
    return f"editions/{day:%Y-%m-%d}.html"


def digest(day: date | datetime, period: str) -> str:
    """The digest of a day, or of the week that ends on it."""
    return f"digests/{'week-' if period == 'weekly' else ''}{day:%Y-%m-%d}.html"


@lru_cache(maxsize=10_000)
def articles(day: date | datetime, part: int = 1) -> str:
    """The articles of a day, in parts where there are many."""
    return f"articles/{day:%Y-%m-%d}{'' if part == 1 else f'-{part}'}.html"


def article(page: str, article_id: str) -> str:
    """An article's place on the page that lists it."""
    return f"{page}#a-{page_name(article_id)}"


def card(report_id: str) -> str:
    """The picture of a prediction that networks show beside its link."""
    return f"cards/{page_name(report_id)}.png"


def root(path: str) -> str:
    """The way from a page back to the edition's folder, for relative links."""
    return "../" * path.count("/")

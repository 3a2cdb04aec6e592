from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from newsworld_dagster.articles import (
    article_id,
    canonical_url,
    content_digest,
    embedded_text,
    plain_text,
    publisher_of,
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Example.COM/News", "https://example.com/News"),
        ("http://example.com/news", "https://example.com/news"),
        ("http://example.com:80/news", "https://example.com/news"),
        ("https://example.com:443/news", "https://example.com/news"),
        ("https://example.com:8443/news", "https://example.com:8443/news"),
        ("https://www.example.com/news/", "https://example.com/news"),
        ("https://m.example.com/news", "https://example.com/news"),
        ("https://amp.example.com/news", "https://example.com/news"),
        ("https://example.com/news/story/amp/", "https://example.com/news/story"),
        ("https://example.com/news#comments", "https://example.com/news"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com", "https://example.com"),
        ("https://example.com/a?b=2&a=1", "https://example.com/a?a=1&b=2"),
        ("https://example.com/a?utm_source=x&id=7&UTM_Medium=y", "https://example.com/a?id=7"),
        ("https://example.com/a?gclid=1&fbclid=2&mc_cid=3&cmpid=4&ref=5", "https://example.com/a"),
        ("https://example.com/a?CMP=share_btn", "https://example.com/a"),
        ("https://user:secret@example.com/a", "https://example.com/a"),
        ("  https://example.com/a\n", "https://example.com/a"),
        ("https://exämple.com/a", "https://xn--exmple-cua.com/a"),
        # Not faces of a site: the first label is the whole name.
        ("https://m.com/a", "https://m.com/a"),
        ("https://www.co.uk/a", "https://www.co.uk/a"),
        ("https://amp.dev/a", "https://amp.dev/a"),
        # Not tracking: these choose the article.
        ("https://example.com/?p=123", "https://example.com?p=123"),
        ("https://example.com/amp", "https://example.com/amp"),
    ],
)
def test_one_article_has_one_url(url: str, expected: str) -> None:
    assert canonical_url(url) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not an absolute http or https"),
        ("news/today", "not an absolute http or https"),
        ("ftp://example.com/a", "not an absolute http or https"),
        ("javascript:alert(1)", "not an absolute http or https"),
        ("https:///path", "no valid host"),
        ("https://exa mple.com/a", "no valid host"),
        ("https://example.com:99999/", "not a usable web address"),
        ("https://[::1/", "not a usable web address"),
        ("https://example.com/a\nb,https://example.com/c", "line breaks"),
        ("https://example.com/\ud800", "broken characters"),
    ],
)
def test_what_is_no_address_is_named(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        canonical_url(url)


URLS = st.builds(
    "{}://{}{}{}{}{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    st.lists(st.sampled_from(["www.", "m.", "amp.", "mobile.", "News."]), max_size=3).map("".join),
    st.sampled_from(["example.com", "bbc.co.uk", "co.uk", "exämple.de", "127.0.0.1"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.text("/.aé%2F+ ~&=;amp", max_size=12).map(lambda path: "/" + path),
    st.text("?&=#utm_sourceé%ab+/;ref", max_size=20).map(lambda query: "?" + query),
)


@given(URLS)
@example("http://example.com/;/?")
@example("http://example.com/a;/amp/;")
@example("https://example.com/.;.pF.F p=/?&rr")
def test_canonical_form_is_its_own_canonical_form(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert article_id(canonical_url(once)) == article_id(once)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    for candidate in (text, f"https://{text}"):
        try:
            canonical = canonical_url(candidate)
        except ValueError as error:
            str(error).encode()  # can be shown, whatever came in
        else:
            assert canonical_url(canonical) == canonical


def test_article_id_is_the_start_of_the_sha1() -> None:
    # printf 'https://example.com/a' | sha1sum
    assert article_id("https://example.com/a") == "c4ed1c218d14a0f1"


@pytest.mark.parametrize(
    ("url", "publisher"),
    [
        ("https://www.bbc.co.uk/news/1", "bbc.co.uk"),
        ("https://abcnews.go.com/x", "abcnews.go.com"),
        ("http://M.Example.com:8080/x", "example.com"),
    ],
)
def test_publisher_is_the_plain_host(url: str, publisher: str) -> None:
    assert publisher_of(url) == publisher


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>two &amp; three</p>", "One two & three"),
        ("Plain  text\n\n here", "Plain text here"),
        ("AT&T is 3 < 5", "AT&T is 3 < 5"),
        ("a<script>alert(1)</script>b", "ab"),
        ("&lt;p&gt;escaped twice&lt;/p&gt; caf&eacute;", "escaped twice café"),
        ("nul\x00 and lone \ud800 surrogate", "nul and lone surrogate"),
        ("", ""),
    ],
)
def test_markup_becomes_readable_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@given(st.text())
def test_plain_text_can_always_be_stored(text: str) -> None:
    result = plain_text(text)
    assert "\x00" not in result
    assert result == " ".join(result.encode().decode().split())


def test_embedded_text_and_its_digest() -> None:
    assert embedded_text(" A  title ", "The\nsummary") == "A title. The summary"
    assert embedded_text("A title", "  ") == "A title"
    # printf 'A title' | sha256sum
    assert (
        content_digest("A  title", "")
        == "0a9a20f49dbd422283b6a858111d86882d94027385d849a3dfd5bf3d6c1dd71f"
    )


@given(st.text(min_size=1), st.text(), st.text())
def test_digest_depends_on_the_words_only(title: str, summary: str, other: str) -> None:
    assume(embedded_text(title, summary) != embedded_text(title, other))
    assert content_digest(title, summary) == content_digest(f" {title} ", f"{summary}\n")
    assert content_digest(title, summary) != content_digest(title, other)

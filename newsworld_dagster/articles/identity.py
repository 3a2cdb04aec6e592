"""Who an article is: canonical URL, identifier, publisher, text and its digest."""

from __future__ import annotations

import hashlib
import html
import re
from urllib.parse import urlsplit, urlunsplit

import nh3
from w3lib.url import canonicalize_url

# Query parameters that say how a reader came, not what is read. Names that some sites use for
# the article itself (id, cid, s, p, source) are left alone.
TRACKING = re.compile(
    r"""(utm_|at_|ns_|guce_|mc_|pk_|mtm_|hsa_|wt[._]).*
    |gclid|dclid|gbraid|wbraid|fbclid|msclkid|yclid|igshid|twclid|_ga|_gl|_hsenc|_hsmi
    |cmp|cmpid|icid|ncid|ocid|ito|smid|smtyp|srnd|reflink|ref|ref_src|ref_url|referrer
    |feedtype|feedname|guccounter|traffic_source|xtor|spm|taid|ftag|partner|amp|outputtype""",
    re.VERBOSE | re.IGNORECASE,
)
# Faces of one site that show the same article; 'www' last, because it is tried again each time.
HOST_FACES = ("m.", "amp.", "mobile.", "www.")
COUNTRY_SUFFIX = re.compile(r"^(co|com|net|org|gov|ac|edu|or|ne|go)\.[a-z]{2}$")
HOST = re.compile(r"^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)$")
SAME_EITHER_SCHEME = (None, 80, 443)

MARKUP = re.compile(r"<[a-zA-Z/!?]")
BLOCK_TAG = re.compile(
    r"<(?=/?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|figure|figcaption|section)\b)",
    re.IGNORECASE,
)
TEXT_ONLY = nh3.Cleaner(tags=set())
# Control characters and lone surrogates cannot be stored or shown; U+0085 and the like are space.
LOST = "\ufffd"
UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def canonical_url(url: str) -> str:
    """Return the form of `url` under which the same article is always found again.

    Lower-cases the host and drops what does not choose the article: 'www', 'm' and 'amp' faces,
    the scheme's letter 's', default port, credentials, fragment, tracking parameters, a trailing
    slash or '/amp'; the query is sorted. It identifies and is not meant to be opened.

    Raises
    ------
    ValueError
        If `url` is not an absolute http(s) address with a host.
    """
    shown = UNSTORABLE.sub("?", url if len(url) <= 200 else url[:200] + "...")
    url = url.strip()
    if UNSTORABLE.search(url) or LOST in url:
        raise ValueError(f"line breaks or broken characters in the address: {shown!r}")
    try:
        canonical = canonicalize_url(url)
        parts = urlsplit(canonical)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"not a usable web address: {shown!r} ({error})") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"not an absolute http or https address: {shown!r}")
    host = plain_host(f"[{host}]" if ":" in host else host)
    if not HOST.match(host):
        raise ValueError(f"no valid host in the address: {shown!r}")
    if port not in SAME_EITHER_SCHEME:
        host = f"{host}:{port}"
    query = "&".join(pair for pair in parts.query.split("&") if pair and not is_tracking(pair))
    found = urlunsplit(("https", host, plain_path(parts.path), query, ""))
    # Parameters behind a semicolon are read otherwise once what stood around them is gone.
    return canonical_url(found) if ";" in parts.path and found != url else found


def plain_host(host: str) -> str:
    """Host in lower case without 'www', 'm', 'amp' or 'mobile' in front of a whole domain."""
    host = host.lower().rstrip(".")
    while True:
        for face in HOST_FACES:
            rest = host.removeprefix(face)
            if rest != host and "." in rest and not COUNTRY_SUFFIX.match(rest):
                host = rest
                break
        else:
            return host


def plain_path(path: str) -> str:
    """Path without trailing slashes and without a trailing '/amp' behind a whole path."""
    path = path.rstrip("/")
    while path.endswith("/amp") and path.count("/") > 1:
        path = path.removesuffix("/amp").rstrip("/")
    return path


def is_tracking(pair: str) -> bool:
    """Whether a 'name=value' of a query only tracks the reader."""
    return TRACKING.fullmatch(pair.partition("=")[0]) is not None


def article_id(canonical: str) -> str:
    """First 16 hex digits of the SHA-1 of a canonical URL."""
    return hashlib.sha1(canonical.encode(), usedforsecurity=False).hexdigest()[:16]


def publisher_of(url: str) -> str:
    """Host of `url` without 'www' and the like, the name under which a publisher is counted.

    Raises
    ------
    ValueError
        If `url` has no host.
    """
    try:
        host = plain_host(urlsplit(url.strip()).hostname or "")
    except ValueError as error:
        raise ValueError(f"not a usable web address: {url[:200]!r} ({error})") from error
    if not host:
        raise ValueError(f"no host in the address: {url[:200]!r}")
    return host


def squeeze(text: str) -> str:
    """Text on one line with single spaces, without characters that cannot be stored."""
    line = " ".join(text.split())
    # Nearly every text is clean by now, and this question is far cheaper than the search.
    return line if line.isprintable() else " ".join(UNSTORABLE.sub(" ", line).split())


def plain_text(markup: str) -> str:
    """Readable text of an HTML fragment: no tags, no scripts, entities resolved, one line.

    Text that was escaped twice, which many feeds send, is unwrapped as well.
    """
    text = UNSTORABLE.sub(" ", markup)
    for _ in range(2):
        if MARKUP.search(text):
            text = TEXT_ONLY.clean(BLOCK_TAG.sub(" <", text))
        if "&" not in text:
            break
        text = html.unescape(text)
    return squeeze(text)


def embedded_text(title: str, summary: str) -> str:
    """What the encoder reads of an article: title and summary, or the title alone."""
    title, summary = squeeze(title), squeeze(summary)
    return f"{title}. {summary}" if summary else title


def content_digest(title: str, summary: str) -> str:
    """SHA-256 of the embedded text, in hex: the key of the embedding cache."""
    return hashlib.sha256(embedded_text(title, summary).encode()).hexdigest()

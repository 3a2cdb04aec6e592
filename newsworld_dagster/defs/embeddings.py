"""embeddings/vectors: each text embedded once."""

import dagster as dg
import pandas as pd

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.defs.articles import articles
from newsworld_dagster.defs.partitions import DAYS, OWNERS, POOL, RANGE, RETRY, days_of
from newsworld_dagster.defs.world import World, fixed_texts
from newsworld_dagster.embeddings import embed_texts

# As far back as any later step reads.
LOOK_BACK_DAYS = 30
# Texts that are embedded and stored together: an interrupted run keeps what it has embedded.
SHARE = 2048


@dg.asset(
    key=["embeddings", "vectors"],
    deps=[articles],
    partitions_def=DAYS,
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
    owners=OWNERS,
    group_name="stories",
    kinds={"python", "duckdb", "huggingface"},
    code_version="1",
    description=(
        "Unit vectors of title and summary, cached by content: a text is embedded once, "
        "whatever article or day it comes with."
    ),
)
def vectors(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> dg.MaterializeResult:
    """Embed what the cache lacks."""
    encoder = world.encoder
    days = days_of(context)
    # Later steps look back over the days before the run, which may never have been run.
    reach = pd.date_range(days[0] - pd.Timedelta(days=LOOK_BACK_DAYS), days[-1])
    with world.warehouse.read() as reader:
        missing = reader.missing_texts(encoder.name, list(reach))
        texts = texts_to_embed(missing)
        ours = fixed_texts()
        known = reader.known_texts(encoder.name, ours["content_digest"])
    texts = pd.concat([texts, ours[~ours["content_digest"].isin(known)]], ignore_index=True)
    store_vectors(world, texts)
    with world.warehouse.read() as reader:
        total = reader.count("embeddings.vectors")
    return dg.MaterializeResult(
        metadata={
            "embedded now": len(texts),
            "dagster/row_count": total,
            "model": encoder.name,
        }
    )


def texts_to_embed(missing: pd.DataFrame) -> pd.DataFrame:
    """The texts of articles (content_digest, title, summary): content_digest, text."""
    return pd.DataFrame(
        {
            "content_digest": missing["content_digest"],
            "text": [
                embedded_text(title, summary)
                for title, summary in zip(missing["title"], missing["summary"], strict=True)
            ],
        }
    )


def store_vectors(world: World, texts: pd.DataFrame) -> None:
    """Embed texts (content_digest, text) and add them to the cache, share by share."""
    for start in range(0, len(texts), SHARE):
        rows = embed_texts(texts.iloc[start : start + SHARE], world.encoder)
        with world.warehouse.write() as writer:
            writer.append("embeddings.vectors", rows)
        world.progress(f"embeddings: {min(start + SHARE, len(texts))} of {len(texts)} texts")

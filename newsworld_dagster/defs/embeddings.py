"""embeddings/vectors: each text embedded once."""

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.articles import articles
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import (
    DAYS,
    LOOK_BACK_TAG,
    OWNERS,
    RANGE,
    RETRY,
    SPREAD_POOL,
    days_of,
)
from newsworld_dagster.defs.vector_cache import store_vectors, texts_to_embed
from newsworld_dagster.defs.world import World, fixed_texts
from newsworld_dagster.resolution import JudgingPolicy

# As far back as any later step reads.
LOOK_BACK_DAYS = 30


@dg.asset(
    key=["embeddings", "vectors"],
    deps=[articles],
    partitions_def=DAYS,
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=SPREAD_POOL,
    owners=OWNERS,
    group_name="stories",
    kinds={"python", "duckdb", "huggingface"},
    code_version="2",
    description=(
        "Unit vectors of title and summary, and event vectors, under which texts on one event "
        "are near; cached by content: a text is embedded once, whatever article or day it comes "
        "with."
    ),
)
@limited
def vectors(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> dg.MaterializeResult:
    """Embed what the cache lacks."""
    encoder = world.encoder
    days = days_of(context)
    # Later steps look back over the days before the run, which may never have been run.
    back = int(context.op_execution_context.run_tags.get(LOOK_BACK_TAG, LOOK_BACK_DAYS))
    with world.warehouse.read() as reader:
        since = clustered = days[0] - pd.Timedelta(days=back)
        # A day that is made anew long after may have open claims whose vectors were pruned.
        claimed = reader.oldest_read_for_claims(days[0], JudgingPolicy().late_days)
        if back and claimed is not None:
            since = min(since, claimed.floor("D"))
        missing = reader.missing_texts(encoder.name, list(pd.date_range(since, days[-1])))
        # Claims are read by the vectors; stories alone need event vectors, of these days.
        eventless = reader.missing_texts(
            encoder.event_name, list(pd.date_range(clustered, days[-1]))
        )
        texts = texts_to_embed(
            pd.concat([missing, eventless]).drop_duplicates("content_digest", ignore_index=True)
        )
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
            "event vectors": encoder.event_name,
        }
    )

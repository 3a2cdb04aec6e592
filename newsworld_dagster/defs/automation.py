"""Jobs and schedules."""

import dagster as dg

from newsworld_dagster.defs.partitions import DAYS

# Everything, from articles to the rendered notebook: what `newsworld run` launches.
daily_edition = dg.define_asset_job(
    "daily_edition",
    selection=dg.AssetSelection.all(),
    partitions_def=DAYS,
    description="News of a day, or of a range of days, to stories, claims, verdicts, scorecard.",
)


@dg.schedule(
    job=daily_edition,
    cron_schedule="30 21 * * *",
    execution_timezone="UTC",
    description="Each evening: poll the feeds and make today's edition.",
)
def evening_edition(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Today's partition, with the feeds polled first."""
    day = context.scheduled_execution_time.strftime("%Y-%m-%d")
    return dg.RunRequest(
        run_key=day,
        partition_key=day,
        run_config={"ops": {"news__articles": {"config": {"live": True}}}},
    )


@dg.definitions
def automation() -> dg.Definitions:
    """The job and its schedule, which is off until someone turns it on."""
    return dg.Definitions(jobs=[daily_edition], schedules=[evening_edition])

"""Jobs and schedules."""

import dagster as dg

from newsworld_dagster.alerts import Alert, send
from newsworld_dagster.defs.partitions import DAYS
from newsworld_dagster.defs.world import World
from newsworld_dagster.runsafety import PROCESS_TAG

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


@dg.run_failure_sensor(
    name="failed_run_alert",
    description="Send an alert when a run that a daemon launched fails; the command sends its own.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_run_alert(context: dg.RunFailureSensorContext, world: dg.ResourceParam[World]) -> None:
    """One alert a failed run."""
    if PROCESS_TAG in context.dagster_run.tags:
        return
    words = f"run {context.dagster_run.run_id} of {context.dagster_run.job_name} failed"
    send(Alert("failed run", words, context.failure_event.message or ""), world.settings)


@dg.definitions
def automation() -> dg.Definitions:
    """The job and its schedule, which is off until someone turns it on."""
    return dg.Definitions(
        jobs=[daily_edition], schedules=[evening_edition], sensors=[failed_run_alert]
    )

"""Jobs and schedules."""

import dagster as dg

from newsworld_dagster.alerts import Alert, send
from newsworld_dagster.defs.digests import digests, timelines
from newsworld_dagster.defs.edition import edition
from newsworld_dagster.defs.embeddings import vectors
from newsworld_dagster.defs.notebooks import DAILY, NOTEBOOKS, page_key
from newsworld_dagster.defs.pruning import prune_op
from newsworld_dagster.defs.trending import trending_strip
from newsworld_dagster.defs.watching import watch
from newsworld_dagster.defs.world import World
from newsworld_dagster.defs.written import written
from newsworld_dagster.runsafety import close_dead_runs, from_command

# Pages of notebooks that a day's run does not wait for: they take longer than all the rest.
PAGES = dg.AssetSelection.assets(*(page_key(name) for name in NOTEBOOKS if name != DAILY))

# What nothing of the record is computed from: readers see it.
SHOWN = dg.AssetSelection.assets(
    trending_strip, digests, timelines, written, page_key(DAILY), edition
)

# Whole editions take turns: dagster-team.yaml limits runs with this tag to one.
EDITION_TAG = "newsworld/edition"

# Everything else, from articles to pages: what `newsworld run` launches.
daily_edition = dg.define_asset_job(
    "daily_edition",
    selection=dg.AssetSelection.all() - PAGES,
    tags={EDITION_TAG: "daily"},
    description="News of a day, or of a range of days, to stories, claims, verdicts, scorecard.",
)

record_of_days = dg.define_asset_job(
    "record_of_days",
    selection=dg.AssetSelection.all() - PAGES - SHOWN,
    tags={EDITION_TAG: "record"},
    description=(
        "Stories, claims, verdicts, scorecard and snapshot of days, without what readers see: "
        "`newsworld backtest --record-only`."
    ),
)

embedding_days = dg.define_asset_job(
    "embedding_days",
    selection=dg.AssetSelection.assets(vectors),
    description="The vectors of days alone: an archive's before its replay, spread over workers.",
)

notebook_pages = dg.define_asset_job(
    "notebook_pages",
    selection=PAGES,
    description="The other notebooks, run on the published snapshot: `newsworld notebooks`.",
)


@dg.job(
    # A whole edition's turn: its steps must not find the file being replaced.
    tags={EDITION_TAG: "pruning"},
    description="Let go of what the settings NEWSWORLD_KEEP_* do not keep: `newsworld prune`.",
)
def pruning() -> None:
    """The command's work, as a run."""
    prune_op()


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


weekly_pages = dg.ScheduleDefinition(
    job=notebook_pages,
    cron_schedule="0 4 * * 1",
    execution_timezone="UTC",
    description="Each Monday: the pages of all notebooks.",
)


weekly_pruning = dg.ScheduleDefinition(
    job=pruning,
    cron_schedule="0 3 * * 0",
    execution_timezone="UTC",
    description="Each Sunday: let go of what the settings do not keep.",
)


@dg.run_failure_sensor(
    name="failed_run_alert",
    description="Send an alert when a run that a daemon launched fails; the command sends its own.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failed_run_alert(context: dg.RunFailureSensorContext, world: dg.ResourceParam[World]) -> None:
    """One alert a failed run."""
    if from_command(context.dagster_run):
        return
    words = f"run {context.dagster_run.run_id} of {context.dagster_run.job_name} failed"
    send(Alert("failed run", words, context.failure_event.message or ""), world.settings)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    name="watch",
    description=(
        "After a run that a daemon launched: an alert for whatever turned bad, once. The command "
        "looks for itself."
    ),
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def watch_after_run(context: dg.RunStatusSensorContext, world: dg.ResourceParam[World]) -> None:
    """The look that `newsworld run` takes at its end."""
    if not from_command(context.dagster_run):
        for alert in watch(world):
            context.log.warning(f"{alert.kind}: {alert.title}")


@dg.sensor(
    name="stuck_runs",
    description="Mark runs whose process died as failed and free their slots.",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def stuck_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Close what nobody works on, or the next run would wait for it until the limit of runs."""
    closed = close_dead_runs(context.instance)
    return dg.SkipReason(f"closed: {', '.join(closed)}" if closed else "no run is stuck")


@dg.definitions
def automation() -> dg.Definitions:
    """The jobs and their schedules, which are off until someone turns them on."""
    return dg.Definitions(
        jobs=[daily_edition, record_of_days, embedding_days, notebook_pages, pruning],
        schedules=[evening_edition, weekly_pages, weekly_pruning],
        sensors=[failed_run_alert, watch_after_run, stuck_runs],
    )

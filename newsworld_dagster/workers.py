"""Steps spread over workers: Dagster's Celery executor and the app of the workers, set up alike.

Start a worker with `celery -A newsworld_dagster.workers worker`, in the environment that the
daemon has.
"""

from __future__ import annotations

from typing import Any, cast

import dagster as dg
from dagster_celery import celery_executor
from dagster_celery.config import DEFAULT_CONFIG
from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from newsworld_dagster.settings import Settings

BROKER = "NEWSWORLD_WORKERS"


class NoBrokerError(RuntimeError):
    """A worker was started that nobody can reach."""


def celery_settings(settings: Settings) -> dict[str, Any]:
    """What app and executor share.

    A task is acknowledged when it has ended. So one whose worker was lost is handed to another
    after `worker_patience` seconds, which has to be longer than any step.
    """
    patience = settings.worker_patience
    return {
        "broker_connection_retry_on_startup": True,
        "broker_transport_options": cast(
            "dict[str, Any]", DEFAULT_CONFIG["broker_transport_options"]
        )
        | {"visibility_timeout": patience, "max_retries": None},
        "result_backend_transport_options": {"visibility_timeout": patience},
        # Each step brings its own reports; a worker's memory is given back now and then.
        "worker_max_tasks_per_child": 50,
    }


def spread_executor(settings: Settings) -> dg.ExecutorDefinition:
    """The executor that hands each step to a worker."""
    return celery_executor.configured(
        {
            "broker": {"env": BROKER},
            "backend": {"env": BROKER},
            "config_source": celery_settings(settings),
        },
        name="workers",
    )


def _app() -> Any:
    settings = Settings()
    if settings.workers is None:
        raise NoBrokerError(
            f"{BROKER} is not set, so nobody could hand this worker anything. Set it to the "
            "broker's address, such as redis://127.0.0.1:6379/0, here and for the daemon."
        )
    broker = settings.workers.get_secret_value()
    app = make_app({"broker": broker, "backend": broker})
    app.conf.update(DEFAULT_CONFIG | celery_settings(settings))
    create_task(app, acks_late=True, reject_on_worker_lost=True)
    return app


def __getattr__(name: str) -> Any:
    """The Celery app under the names that `celery -A` looks for, made when it is asked for."""
    if name in ("app", "celery"):
        return _app()
    raise AttributeError(name)

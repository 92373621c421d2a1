"""Airflow 3 DAG: check what was ingested, train, evaluate, gate, promote, notify.

Every step is a plain command of marquee on the machine of the worker, over a store and a registry that it can reach:

    ingest_check   events are there; otherwise the run is skipped
    train          publishes a model and leaves it out of service; its gate has said what it thinks of it. The run is skipped
                   if nothing is new, and tried again if another training is under way
    evaluate       takes over what the training measured on later events
    gate           goes on only if the gate's finding lets the model through; a model that is kept or refused skips the rest
    promote        puts it into service; running servers swap to it
    notify         posts what became of the run to a webhook, if one is set; it runs whatever happened before

Settings are Airflow variables or environment variables of the same names, the environment first:

    MARQUEE_PROGRAM        the program; `marquee` in PATH
    MARQUEE_STORE          the event store; /var/lib/marquee/data
    MARQUEE_MODELS         the registry; /var/lib/marquee/models
    MARQUEE_STATE          the job's state and its lock; /var/lib/marquee/state
    MARQUEE_TRAIN_OPTIONS  more options of `marquee train`, such as `--rank 128`
    MARQUEE_NOTIFY_URL     where the result is posted as JSON; nothing is posted without
    MARQUEE_SCHEDULE       a cron expression, UTC; `0 3 * * *`
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import urllib.request
from datetime import datetime, timedelta, timezone

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

# What the gate finds of a model that may go into service: docs/evaluation.md has all findings.
PROMOTED = {"first", "better", "not-worse", "newer-data"}


def setting(name: str, default: str) -> str:
    """The environment first: it is there when the file is parsed, at no cost."""
    if name in os.environ:
        return os.environ[name]
    try:
        from airflow.sdk import Variable

        return Variable.get(name, default=default)
    except Exception:  # without a database, as when the file is only imported
        return default


def run(*words: str) -> tuple[int, str]:
    """Runs a command: its status and what it printed. Its own words about an error go into the task's log."""
    done = subprocess.run([setting("MARQUEE_PROGRAM", "marquee"), *words], stdout=subprocess.PIPE, text=True)
    return done.returncode, done.stdout


def marquee(*words: str) -> str:
    """What a command printed that must succeed."""
    status, output = run(*words)
    if status != 0:
        raise AirflowException(f"marquee {words[0]} ended with status {status}")
    return output


def models() -> str:
    return setting("MARQUEE_MODELS", "/var/lib/marquee/models")


def store() -> str:
    return setting("MARQUEE_STORE", "/var/lib/marquee/data")


def names() -> set[str]:
    """Of the models that are there; none before the first."""
    if not os.path.isdir(models()):
        return set()
    return {model["id"] for model in json.loads(marquee("models", "list", "--models", models(), "--format", "json"))}


def manifest(model: str) -> dict:
    return json.loads(marquee("models", "show", model, "--models", models(), "--format", "json"))


@dag(
    dag_id="marquee_retrain",
    schedule=os.environ.get("MARQUEE_SCHEDULE", "0 3 * * *"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    tags=["marquee"],
    doc_md=__doc__,
)
def marquee_retrain():
    @task
    def ingest_check() -> int:
        """Events there are, in number."""
        count = int(marquee("store", "count", f"{store()}/events").strip().replace(",", ""))
        if count == 0:
            raise AirflowSkipException("there are no events yet")
        return count

    @task(execution_timeout=timedelta(hours=6))
    def train(events: int) -> str:
        """The model's name."""
        options = shlex.split(setting("MARQUEE_TRAIN_OPTIONS", ""))
        state = setting("MARQUEE_STATE", "/var/lib/marquee/state")
        known = names()
        status, _ = run(
            "train", "--once", "--store", store(), "--models", models(), "--state", state, "--promote", "never", *options
        )
        if status == 12:
            raise AirflowSkipException("there is nothing new to train on")
        if status not in (0, 10, 11):
            raise AirflowException(f"marquee train ended with status {status}")
        new = sorted(names() - known)
        if not new:
            raise AirflowException("there is no new model after the training")
        return new[-1]

    @task
    def evaluate(model: str) -> dict:
        """What the model is worth, as its training measured it on later events."""
        shown = manifest(model)
        return {"model": model, "gate": shown["gate"], "metrics": shown.get("metrics", {})}

    @task
    def gate(result: dict) -> str:
        """The model, if it may go into service."""
        finding = result["gate"].get("finding")
        if finding not in PROMOTED:
            raise AirflowSkipException(f"{result['model']} stays out of service: {result['gate']['reason']}")
        return result["model"]

    @task
    def promote(model: str) -> str:
        marquee("models", "promote", model, "--models", models(), "--reason", "airflow")
        return model

    @task(trigger_rule="all_done", retries=5)
    def notify(result: dict | None = None, promoted: str | None = None) -> None:
        message = {"dag": "marquee_retrain", "promoted": promoted, "result": result}
        print(json.dumps(message))
        url = setting("MARQUEE_NOTIFY_URL", "")
        if not url:
            return
        request = urllib.request.Request(
            url, json.dumps(message).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    result = evaluate(train(ingest_check()))
    notify(result, promote(gate(result)))


marquee_retrain()

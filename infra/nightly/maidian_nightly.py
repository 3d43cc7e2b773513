"""An Airflow DAG of the night: ingest, then each table in the order the tables read each other, then the clean-up.

Put it into the DAG folder of an Airflow 3 whose workers have `maidian` and the lake. Each task can be run again at any time.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, chain

from jobs.engine.discovery import find_jobs

ENVIRONMENT = {"MAIDIAN_LAKE": "/srv/lake", "MAIDIAN_LOG_FORMAT": "json"}

with DAG(
    "maidian_nightly",
    schedule="30 0 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    catchup=False,  # a run does all days that are dirty
    max_active_runs=1,
    default_args={"retries": 2},
):
    ingest = BashOperator(task_id="ingest", bash_command="maidian ingest --json", env=ENVIRONMENT, append_env=True)
    # One after the other: runs take turns, by a lock.
    tables = [
        BashOperator(
            task_id=job.table, bash_command=f"maidian run {job.table} --json", env=ENVIRONMENT, append_env=True
        )
        for job in find_jobs()
    ]
    gc = BashOperator(task_id="gc", bash_command="maidian gc", env=ENVIRONMENT, append_env=True)
    chain(ingest, *tables, gc)

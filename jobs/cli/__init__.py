"""The ``bespoke`` command, and how it runs the DAG through Airflow on one machine."""

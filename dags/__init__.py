"""Airflow DAGs: one thin file each."""

"""Airflow writes below its home as soon as it is imported: here, before any test module is."""

import os
import tempfile

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="bespoke-airflow-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

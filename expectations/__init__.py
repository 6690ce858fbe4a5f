"""Great Expectations suites, one file a table.

A suite is read like a specification and imports neither Spark nor Great Expectations; both are
imported when a frame is checked.
"""

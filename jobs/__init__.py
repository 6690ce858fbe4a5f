"""The Spark jobs of Bespoke, one folder a stage, in the order of the data's way."""

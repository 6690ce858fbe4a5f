"""Settings of the identity stage."""

from pydantic import BaseModel, ConfigDict, PositiveInt


class IdentitySettings(BaseModel):
    """Limits of identity resolution.

    Attributes
    ----------
    single_node_links : int
        Up to this many links are resolved on one machine; more on Spark. Two million, of 220,000
        people with nine each, took 9 s and 1.2 GB of Python on two busy cores, and come as 0.2 GB
        from Spark, whose ``spark.driver.maxResultSize`` is 1 GB by default.
    max_contact_holders : int
        An email or phone that more accounts and records than this hold is a placeholder or a
        desk's number, and joins nobody. Twenty leaves room for a family of five in four systems.
    max_device_links : int
        A device or cookie seen with more other devices, cookies or addresses than this is public
        (a kiosk, a crawler) and hands no activity on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    single_node_links: PositiveInt = 2_000_000
    max_contact_holders: PositiveInt = 20
    max_device_links: PositiveInt = 50

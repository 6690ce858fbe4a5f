"""Settings of the identity stage."""

from pydantic import BaseModel, ConfigDict, PositiveInt


class IdentitySettings(BaseModel):
    """Limits of identity resolution.

    Attributes
    ----------
    single_node_links : int
        Connected components of up to this many links are found on one machine; above it, on
        Spark. Five million links of hashed addresses are about 0.7 GB on the driver, which fits
        Spark's default ``spark.driver.maxResultSize`` of 1 GB.
    max_contact_holders : int
        An email or phone that more accounts and records than this hold is a placeholder or a
        desk's number, and joins nobody. Twenty leaves room for a family of five in four systems.
    max_device_links : int
        A device or cookie seen with more other devices, cookies or addresses than this is public
        (a kiosk, a crawler) and hands no activity on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    single_node_links: PositiveInt = 5_000_000
    max_contact_holders: PositiveInt = 20
    max_device_links: PositiveInt = 50

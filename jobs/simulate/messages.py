"""Campaigns: who is sent what, who opens and clicks, and what the message truly changes."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.assortment import DEPARTMENTS, SHELVES, SHELVES_A_DEPARTMENT
from jobs.simulate.catalogue import product_id
from jobs.simulate.chance import Chance, logistic, nth, place_in
from jobs.simulate.clock import DAY, HOUR, Clock, day_of
from jobs.simulate.consents import CHANNELS, in_force
from jobs.simulate.keys import customer_no
from jobs.simulate.people import taste_share
from jobs.simulate.settings import SimulateSettings

TONES = ("offer", "news", "personal", "urgent")
SUBJECTS = {
    "offer": "Save 20% on {}",
    "news": "New in {}: just landed",
    "personal": "Picked for you: {}",
    "urgent": "Last chance, {} ends tonight!",
}
CHANNEL_SHARES = {"email": 0.7, "push": 0.18, "sms": 0.12}
PRODUCTS_A_MESSAGE = 4


class Campaigns:
    """Answers for a person (by the row's columns) and a campaign number what was sent and when.

    Campaign k goes out on day `k * days_between_campaigns` to a random share of those who agreed
    to the drawn channel, at a random hour: both are kept random so that effects can be learnt.
    """

    def __init__(self, settings: SimulateSettings, chance: Chance) -> None:
        self._settings = settings
        self._chance = chance

    def channel(self, campaign: Column) -> Column:
        """Return the channel drawn for this person."""
        return self._chance.weighted(CHANNEL_SHARES, "message channel", F.col("person"), campaign)

    def sent_at(self, campaign: Column) -> Column:
        """Return the second of sending: a random hour from 6 to 21."""
        day = campaign * self._settings.days_between_campaigns
        hour = 6 + self._chance.whole(16, "message hour", F.col("person"), campaign)
        jitter = self._chance.whole(HOUR, "message minute", F.col("person"), campaign)
        return (day * DAY + hour * HOUR + jitter).cast("long")

    def eligible(self, campaign: Column) -> Column:
        """Return whether the person could be sent it: a customer who agreed to the channel."""
        channels = F.array(*[F.lit(channel) for channel in CHANNELS])
        kind = (F.array_position(channels, self.channel(campaign)) - 1).cast("int")
        return (F.col("record_count") > 0) & in_force(kind, self.sent_at(campaign))

    def treated(self, campaign: Column) -> Column:
        """Return whether the coin said to send; the others are the campaign's held-out group."""
        share = self._settings.treated_share
        return self._chance.chance(share, "treated", F.col("person"), campaign)

    def was_sent(self, campaign: Column) -> Column:
        """Return whether the person received the campaign."""
        return (campaign >= 0) & self.eligible(campaign) & self.treated(campaign)


def message_frame(
    people: DataFrame, settings: SimulateSettings, chance: Chance, campaigns: Campaigns
) -> DataFrame:
    """Make one row a person and campaign they were eligible for, sent or held out.

    All columns of the person stay, so that visits can follow from messages.
    """
    person, campaign = F.col("person"), F.col("campaign")
    asked = (
        people.where(F.col("record_count") > 0)
        .withColumn("campaign", F.explode(F.sequence(F.lit(0), F.lit(settings.campaigns - 1))))
        .where(campaigns.eligible(campaign))
        .withColumn("channel", campaigns.channel(campaign))
        .withColumn("sent_at", campaigns.sent_at(campaign))
        .withColumn("treated", campaigns.treated(campaign))
        .withColumn("sent_day", day_of(F.col("sent_at")))
        .withColumn("tone", chance.whole(len(TONES), "tone", person, campaign))
        .withColumn("personalised", chance.chance(0.5, "personalised", person, campaign))
        .withColumn(
            "focus",
            F.when(
                F.col("personalised"),
                place_in(F.col("taste_shares"), chance.uniform("focus", person, campaign)),
            ).otherwise(chance.whole(len(DEPARTMENTS), "campaign focus", campaign)),
        )
        .withColumn("message", F.concat(F.lit("M"), chance.code("message", person, campaign)))
    )
    return asked.transform(_answers, chance).transform(_consequences, settings, chance)


def _answers(messages: DataFrame, chance: Chance) -> DataFrame:
    """Draw opening and clicking: they depend on person, hour, channel, tone and content.

    Hours from the person's own hour cost up to 1.6 on the logit scale; a department a person
    loves doubles the odds of a click and more. Who has left answers nothing.
    """
    person, campaign = F.col("person"), F.col("campaign")
    hour = F.col("sent_at") % DAY / HOUR
    apart = F.cos((hour - F.col("home_hour")) * (3.141592653589793 / 12.0))
    share = taste_share(F.col("focus"))
    channel = (
        F.when(F.col("channel") == "push", -0.4 + F.col("push_lean"))
        .when(F.col("channel") == "sms", 0.5 + F.col("sms_lean"))
        .otherwise(0.0)
    )
    tone = F.when(F.col("tone") == F.col("liked_tone"), 0.6).otherwise(0.0)
    there = F.col("leaves") > F.col("sent_day")
    opens = logistic(-1.7 + F.col("open_lean") + 1.6 * apart + channel + tone + 1.5 * share)
    clicks = logistic(-2.6 + 4.0 * share + 0.5 * tone)
    delay = chance.uniform("open delay", person, campaign)
    return (
        messages.withColumn("open_probability", F.when(there, opens).otherwise(0.0))
        .withColumn("click_probability", F.when(there, clicks).otherwise(0.0))
        .withColumn(
            "opened",
            F.col("treated") & chance.chance(F.col("open_probability"), "opens", person, campaign),
        )
        .withColumn(
            "clicked",
            F.col("opened") & chance.chance(F.col("click_probability"), "clicks", person, campaign),
        )
        # Half of all openings come within an hour and a half, and none after midnight, so
        # that an opening falls in the day of its message.
        .withColumn(
            "opened_at",
            F.least(
                F.col("sent_at") + F.floor(60 - 7_200 * F.log(1.0 - delay)).cast("long"),
                (F.col("sent_day") + 1).cast("long") * DAY - 900,
            ),
        )
        .withColumn(
            "clicked_at", F.col("opened_at") + 8 + chance.whole(90, "click delay", person, campaign)
        )
    )


def _consequences(messages: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Draw whether the message made an order on the next day that would not have been."""
    person, campaign = F.col("person"), F.col("campaign")
    next_day = F.col("sent_day") + 1
    active = (
        (F.col("arrives") < next_day) & (F.col("leaves") > next_day) & (next_day < settings.days)
    )
    return messages.withColumn("active", active).withColumn(
        "caused_order",
        F.col("treated")
        & active
        & chance.chance(F.col("nudge_effect"), "nudged", person, campaign),
    )


def message_products(chance: Chance) -> list[Column]:
    """Return the products shown in a row's message: one of each shelf of its department.

    Only the two most popular of a shelf are shown: they are on sale from the first day.
    """
    person, campaign = F.col("person"), F.col("campaign")
    return [
        (
            chance.whole(2, f"message product {place}", person, campaign) * len(SHELVES)
            + F.col("focus") * SHELVES_A_DEPARTMENT
            + place
        ).cast("int")
        for place in range(PRODUCTS_A_MESSAGE)
    ]


def message_rows(messages: DataFrame, chance: Chance, clock: Clock) -> DataFrame:
    """Write the messages sent."""
    department = nth(DEPARTMENTS, F.col("focus"))
    subjects = F.get(F.array(*[F.lit(SUBJECTS[tone]) for tone in TONES]), F.col("tone"))
    return messages.where("treated").select(
        F.col("sent_day").alias("day"),
        F.col("sent_at").alias("place"),
        F.col("message").alias("message_id"),
        customer_no(F.col("person"), F.lit(0)).alias("customer_no"),
        F.when(F.col("channel") == "email", F.col("mail")).alias("address"),
        "channel",
        campaign_id(F.col("campaign")).alias("campaign_id"),
        F.replace(subjects, F.lit("{}"), department).alias("subject"),
        F.concat_ws("|", *[product_id(product) for product in message_products(chance)]).alias(
            "product_ids"
        ),
        clock.local_text(F.col("sent_at")).alias("sent_at"),
    )


def campaign_id(campaign: Column) -> Column:
    """Return the id the mailing system gives a campaign."""
    return F.concat(F.lit("CMP-"), F.lpad((campaign + 1).cast("string"), 4, "0"))

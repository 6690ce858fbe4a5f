"""Names of the columns that the models read and write, said once."""

from typing import Final

PERSON: Final = "person_id"
PRODUCT: Final = "product_id"
KIND: Final = "kind"
QUANTITY: Final = "quantity"
OCCURRED_ON: Final = "occurred_on"

RANK: Final = "rank"
SCORE: Final = "score"
BUYERS: Final = "buyers"

PURCHASE: Final = "purchase"
"""The kind of interaction that counts as bought, and that a model is judged by."""

INTERACTION_COLUMNS: Final = (PERSON, PRODUCT, KIND, QUANTITY, OCCURRED_ON)
RECOMMENDATION_COLUMNS: Final = (PERSON, RANK, PRODUCT, SCORE)

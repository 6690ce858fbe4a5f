"""A person whose values are like no other's, planted into a simulated shop's files.

Good rows and bad ones of every feed that names people: what is found of them later was not there by
chance.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

MARKED = {
    "email": "zyxwanda.quorblatt@quux-mail.example",
    "login": "zyxwanda.second@quux-mail.example",
    "phone": "+44 20 7946 0758",
    "first_name": "Zyxwanda",
    "last_name": "Quorblatt",
    "title": "Archdeaconess",
    "birth_date": "1913-02-17",
    "street": "7719 Vexhollow Crescent",
    "postcode": "ZX97 7QQ",
}
IDS = {
    "customer_no": "C99999901",
    "login": "a-zyx-1",
    "device": "d-zyx-1",
    "record": "demo.crm_customers:C99999901",
}
"""By what the shop knows the person."""
NORMAL = {"phone": "+442079460758", "number": "2079460758", "bad": "zyxwanda.broken@quux-mail"}
VALUES = [*MARKED.values(), *NORMAL.values()]


def appended(path: Path, rows: list[Mapping[str, str]], broken: str = "") -> None:
    """Append rows to a file of the landing, in its format, and a record that is none."""
    opened = gzip.open if path.suffix == ".gz" else open
    if ".jsonl" in path.name:
        with opened(path, "at", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row) + "\n")
            file.write(broken)
        return
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        delimiter = ";" if "loyalty" in path.name else ","
        header = next(csv.reader(file, delimiter=delimiter))
    with opened(path, "at", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, delimiter=delimiter, lineterminator="\n")
        writer.writerows([{name: row.get(name, "") for name in header} for row in rows])
        file.write(broken)


def plant(landing: Path, on: date) -> None:
    """Append the person's rows to a day's files."""
    day = landing / on.isoformat()
    at = f"{on}T09:00:00Z"
    known = {name: MARKED[name] for name in MARKED if name != "login"}
    person = known | {
        "customer_no": "C99999901",
        "city": "York",
        "country": "GB",
        "gender": "F",
        "created_at": at,
        "updated_at": at,
    }
    bad = person | {"customer_no": "C99999902", "gender": "?", "email": NORMAL["bad"]}
    appended(
        day / "crm_customers.csv", [person, bad], f'"{MARKED["last_name"]},{MARKED["email"]}\n'
    )
    account = {
        "account_id": "a-zyx-1",
        "login": MARKED["login"],
        "email": MARKED["email"],
        "phone": MARKED["phone"],
        "first_name": MARKED["first_name"],
        "last_name": MARKED["last_name"],
        "customer_no": "C99999901",
        "registered_at": at,
        "updated_at": at,
        # A column that the catalogue does not know.
        "nickname": MARKED["street"],
    }
    torn = f'{{"account_id": "a-zyx-2", "email": "{MARKED["email"]}", \n'
    appended(day / "shop_accounts.jsonl", [account, account | {"updated_at": "never"}], torn)
    consent = {
        "consent_id": "k-zyx-1",
        "customer_no": "C99999901",
        "address": MARKED["email"],
        "channel": "email",
        "purpose": "marketing",
        "status": "granted",
        "occurred_at": at,
    }
    unknown = consent | {"consent_id": "k-zyx-2", "status": "perhaps", "address": MARKED["login"]}
    profiling = consent | {"consent_id": "k-zyx-3", "purpose": "personalization", "channel": None}
    appended(day / "consents.jsonl", [consent, profiling, unknown])
    line = {
        "order_id": "o-zyx-1",
        "line_no": "1",
        "ordered_at": at,
        "customer_no": "C99999901",
        "channel": "web",
        "kind": "sale",
        "product_id": "P00001",
        "quantity": "1",
        "unit_price": "10.00",
        "discount": "0.00",
        "currency": "GBP",
    }
    wrong = line | {"order_id": "o-zyx-2", "quantity": "-1"}
    appended(day / "orders.csv", [line, wrong])
    event = {
        "event_id": "e-zyx-1",
        "occurred_at": at,
        "type": "page_view",
        "session_id": "s-zyx-1",
        "account_id": "a-zyx-1",
        "device_id": "d-zyx-1",
        "page": "/home",
    }
    appended(day / "events.jsonl.gz", [event])
    message = {
        "message_id": "m-zyx-1",
        "customer_no": "C99999901",
        "address": MARKED["email"],
        "channel": "email",
        "campaign_id": "c-1",
        "subject": "News",
        "sent_at": at,
    }
    appended(day / "messages.csv", [message, message | {"message_id": "", "address": "zyx"}])

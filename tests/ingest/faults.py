"""Two nights of files: the first with every fault, the second with what comes late or changed."""

from __future__ import annotations

from tests.ingest.shop import DAY, NEXT, Shop, clicks, lines

GOOD = "A1,1,2026-03-02 09:30:00,7,P1,2,9.95,sale,"


def first_night(shop: Shop) -> None:
    shop.drop(
        "people.csv",
        "no,name,mail,tel,changed,shoe_size\n"
        "7,Annabel Lee,Ann.Lee@Example.com,020 7946 0018,2026-03-02 08:00:00,38\n"
        '8,"Bob\nNewline",bob@@nowhere,call me,2026-03-02 08:00:00,44\n'
        "9,Too,few\n"
        ",No Key,nokey@example.com,,2026-03-02 08:00:00,40\n"
        "10,12,12 Hidden Street,hidden@example.com,,2026-03-02 08:00:00,41\n"
        "11,Mal\ufffdformed,broken@example.com,,2026-03-02 08:00:00,42\n",
    )
    shop.drop(
        "lines.csv",
        lines(
            GOOD,
            "A1,2,2026-03-02 09:30:00,7,P2,1,5.00,sale,EUR",
            GOOD,
            "A2,1,2026-13-45 99:00,7,P1,1,9.95,sale,",
            'A2,2,2026-03-02 10:00:00,7,P1,1,"12,9O",sale,',
            "A2,3,2026-03-02 10:00:00,7,P1,1,9.955,sale,",
            ",4,2026-03-02 10:00:00,7,P1,1,9.95,sale,",
            "A2,5,2026-03-02 10:00:00,7,P1,1,9.95,barter,",
            "A2,6,2028-03-02 10:00:00,7,P1,1,9.95,sale,",
            "A2,7,1999-03-02 10:00:00,7,P1,1,9.95,sale,",
            "A2,8,2026-03-02 10:00:00,7,P1,-3,9.95,sale,",
            "A2,9,2026-03-02 10:00:00,7,P1,1,9.95,sale,XYZ",
            "A2,10,2026-03-02 10:00:00,7,P1,1",
            "A3,1,2026-03-02 11:00:00,7,P1,-1,9.95,return,",
            "A4,1,2026-03-02 23:59:59,,P1,1,9.95,sale,",
        ),
    )
    shop.drop("lines-empty.csv", "")
    shop.drop("lines-header.csv", lines())
    shop.drop(
        "lines-short.csv",
        "order,line,at,who,sku,pieces,price,kind\nB1,1,2026-03-02 12:00,7,P1,1,1.00,sale\n",
    )
    shop.drop("lines-utf16.csv", lines(GOOD).encode("utf-16"))
    shop.drop(
        "lines-bytes.csv",
        lines("B2,1,2026-03-02 12:00,7,P\ufffd,1,1.00,sale,")
        .encode("utf-8")
        .replace(b"\xef\xbf\xbd", b"\xe9"),
    )
    shop.drop("lines-noheader.csv", "A9,1,2026-03-02 09:30:00,7,P1,2,9.95,sale,\n")
    whole = shop.drop(
        "lines-cut.csv.gz",
        lines(GOOD, *[f"C{i},1,2026-03-02 12:00,7,P{i},1,1.00,sale," for i in range(500)]),
    )
    whole.write_bytes(whole.read_bytes()[:-40])
    shop.drop("lines-half.csv.part", lines("H1,1,2026-03-02 12:00,7,P1,1,1.00,sale,"))
    shop.drop(
        "till.csv",
        "bon;at;sku;text;pieces;price\n"
        "1;2026-03-02 09:00;P1;Café;1;2.00\n"
        "1;2026-03-02 09:00;P1;Café;1;2.00\n"
        "2;2026-03-02 10:00;P2;Tea;1;1.00\n".replace("é", "é"),
    )
    path = shop.landing / DAY.isoformat() / "till.csv"
    path.write_bytes(path.read_bytes().decode().encode("windows-1252"))
    shop.drop(
        "clicks.jsonl.gz",
        clicks(
            {"id": "e1", "at": "2026-03-02T09:00:00Z", "type": "page_view", "cookie": "k1"},
            {
                "id": "e2",
                "at": "2026-03-02T10:00:00+01:00",
                "type": "product_view",
                "cookie": "k1",
                "sku": "P1",
                "ms": 1200,
                "note": "a word that nobody declared",
            },
            {"id": "e1", "at": "2026-03-02T09:00:00Z", "type": "page_view", "cookie": "k1"},
            '{"id": "e3", "at": ',
            {"id": "e4", "at": "2026-03-02T09:00:00Z", "type": "teleport", "cookie": "k1"},
            {
                "id": "e5",
                "at": "2026-03-02T09:00:00Z",
                "type": "product_view",
                "cookie": "k1",
                "ms": "12s",
            },
            {"id": "e6", "at": "2026-07-02T09:00:00", "type": "page_view", "cookie": "k1"},
        ),
    )


def second_night(shop: Shop) -> None:
    shop.drop("lines.csv", lines("A0,1,2026-03-01 09:30:00,7,P9,1,3.00,sale,", GOOD), NEXT)
    # Corrected under the same name: one price mended, one line added.
    shop.drop(
        "till.csv",
        "bon;at;sku;text;pieces;price\n1;2026-03-02 09:00;P1;Cafe;1;2.00\n"
        "2;2026-03-02 10:00;P2;Tea;1;1.50\n3;2026-03-02 11:00;P3;Milk;1;0.80\n",
    )
    shop.drop(
        "people.csv",
        "no,name,mail,tel,changed\n7,Annabel Ray,ann.ray@example.com,,2026-03-03 08:00:00\n",
        NEXT,
    )

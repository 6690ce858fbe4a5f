"""Names of people and places. All mail domains are reserved for examples (RFC 2606, RFC 6761)."""

FEMALE_NAMES = (
    "Olivia/Liv", "Amelia/Amy", "Isabella/Bella", "Charlotte/Lottie", "Elizabeth/Liz",
    "Margaret/Maggie", "Katherine/Kate", "Victoria/Vicky", "Alexandra/Alex", "Jessica/Jess",
    "Rebecca/Becky", "Jennifer/Jen", "Susan/Sue", "Patricia/Pat", "Deborah/Debbie",
    "Christine/Chris", "Samantha/Sam", "Abigail/Abby", "Eleanor/Ellie", "Josephine/Josie",
    "Zoë/Zoe", "Chloé/Chloe", "Siobhán/Siobhan", "Aisha/Aisha", "Priya/Priya", "Mei Ling/Mei",
    "Fatima/Fatima", "Grace/Grace", "Hannah/Hannah", "Emily/Em", "Sophie/Soph", "Lucy/Lucy",
    "Ruth/Ruth", "Helen/Helen", "Judith/Judy", "Barbara/Barb", "Frances/Fran", "Pamela/Pam",
    "Theresa/Terri", "Gillian/Gill", "Jacqueline/Jackie", "Nicola/Nicky", "Philippa/Pippa",
    "Georgina/Georgie", "Matilda/Tilly", "Agnieszka/Aga", "Ngozi/Ngozi", "Yasmin/Yaz",
)  # fmt: skip
MALE_NAMES = (
    "Oliver/Ollie", "William/Will", "James/Jim", "Robert/Bob", "Richard/Dick", "Thomas/Tom",
    "Edward/Ted", "Michael/Mike", "Christopher/Chris", "Anthony/Tony", "Matthew/Matt",
    "Benjamin/Ben", "Samuel/Sam", "Alexander/Alex", "Nicholas/Nick", "Jonathan/Jon",
    "Stephen/Steve", "Andrew/Andy", "Daniel/Dan", "Joseph/Joe", "Charles/Charlie",
    "Frederick/Fred", "Archibald/Archie", "Harold/Harry", "Leonard/Len", "Ronald/Ron",
    "Gerald/Gerry", "Kenneth/Ken", "Peter/Pete", "David/Dave", "Philip/Phil", "Gregory/Greg",
    "Mohammed/Mo", "Arjun/Arjun", "Wei/Wei", "Seán/Sean", "José/Jose", "Zachary/Zac",
    "Nathaniel/Nat", "Timothy/Tim", "Patrick/Paddy", "Raymond/Ray", "Douglas/Doug",
    "Tomasz/Tomek", "Chidi/Chidi", "Omar/Omar", "Luke/Luke", "George/George",
)  # fmt: skip
LAST_NAMES = (
    "Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel",
    "Robinson", "Wright", "Thompson", "Evans", "Walker", "White", "Roberts", "Green", "Hall",
    "Wood", "Jackson", "Clarke", "Clark", "Harris", "Lewis", "Khan", "Turner", "Hill", "Cooper",
    "Moore", "Ward", "Morris", "Ahmed", "Bell", "Cook", "Bailey", "Parker", "Miller", "Davis",
    "Murphy", "Price", "Bennett", "Griffiths", "Kelly", "Simpson", "Marshall", "Collins",
    "Shaw", "Begum", "O'Brien", "O'Connor", "McDonald", "MacLeod", "Müller", "Nowak", "García",
    "Kowalski", "Singh", "Kaur", "Chen", "Nguyen", "Okafor", "Adeyemi", "Smith-Jones",
    "Fitzgerald", "Pemberton", "Ashworth", "Barraclough", "Cholmondeley", "Drinkwater",
    "Eccleston", "Featherstone", "Greenwood", "Hathaway", "Ibbotson", "Jessop", "Kirkbride",
    "Longbottom", "Merryweather", "Nightingale", "Oldroyd", "Postlethwaite", "Quigley",
    "Ramsbottom", "Sheldrake", "Thistlewood", "Underhill", "Vaughan", "Whittaker", "Yardley",
    "Ellis", "Foster", "Graham", "Hughes", "Irving", "Kennedy", "Lambert", "Mason", "Norris",
)  # fmt: skip
NAME_BEGINNINGS = (
    "Ash", "Black", "Brad", "Brook", "Carl", "Chad", "Clif", "Crom", "Dal", "Den", "East",
    "Elling", "Fair", "Farn", "Gar", "Glad", "Hal", "Harring", "Hart", "Hel", "Holling", "Hors",
    "Kel", "Kirk", "Lang", "Lock", "Mar", "Mel", "Nor", "Oak", "Pem", "Quen", "Red", "Rock",
    "Sel", "Stan", "Thorn", "Wake", "Wal", "West", "Whit", "Win", "Wool", "York",
)  # fmt: skip
NAME_ENDINGS = (
    "bank", "beck", "borne", "bridge", "brook", "burn", "bury", "by", "cliffe", "combe", "cott",
    "croft", "dale", "den", "don", "field", "ford", "gate", "ham", "hurst", "land", "leigh", "ley",
    "low", "man", "mere", "more", "ridge", "sall", "shaw", "stead", "stone", "ton", "well", "wick",
    "worth",
)  # fmt: skip
"""Beginnings and endings of rarer last names: Ashburn, Thornton."""
STREETS = (
    "High Street", "Station Road", "Church Lane", "Victoria Road", "Green Lane", "Manor Road",
    "Park Avenue", "Kings Road", "Queens Road", "Mill Lane", "School Lane", "The Crescent",
    "Grange Road", "York Street", "Albert Road", "Chestnut Close", "Orchard Way", "Elm Grove",
    "Windsor Avenue", "Meadow View", "Hawthorn Drive", "Springfield Road", "Cedar Court",
    "Bridge Street", "Highfield Road", "Poplar Avenue", "Willow Close", "Beech Drive",
    "Richmond Street", "Clarence Place", "North Street", "Castle Hill", "Priory Gardens",
)  # fmt: skip
CITIES = (
    "Leeds/LS", "Bristol/BS", "Manchester/M", "Birmingham/B", "Sheffield/S", "Norwich/NR",
    "Exeter/EX", "Oxford/OX", "Cambridge/CB", "York/YO", "Cardiff/CF", "Edinburgh/EH",
    "Glasgow/G", "Liverpool/L", "Nottingham/NG", "Leicester/LE", "Plymouth/PL", "Reading/RG",
    "Brighton/BN", "Southampton/SO", "Newcastle upon Tyne/NE", "Belfast/BT", "Bath/BA",
    "London/SE",
)  # fmt: skip
MAIL_DOMAINS = (
    "mail.example", "post.example", "inbox.example.com", "quickmail.example", "letters.test",
)  # fmt: skip
JUNK_EMAILS = ("none@example.com", "noemail@example.com", "test@test.example")
JUNK_PHONES = ("00000000000", "07000000000", "01234567890")

STAGES = {
    "student": 0.12, "single": 0.2, "couple": 0.2,
    "young_family": 0.18, "established_family": 0.17, "retired": 0.13,
}  # fmt: skip
"""Life stages and how common they are."""

STAGE_AGES = {
    "student": (18, 25), "single": (24, 42), "couple": (25, 52),
    "young_family": (26, 43), "established_family": (38, 59), "retired": (61, 86),
}  # fmt: skip

STAGE_TASTES = {
    "student": {"Electronics": 2.0, "Grocery": 1.5, "Baby": 0.05, "Garden": 0.1, "Books": 1.5},
    "single": {"Sports": 1.6, "Electronics": 1.5, "Baby": 0.05, "Men": 1.3, "Women": 1.3},
    "couple": {"Home": 1.8, "Pets": 1.3, "Baby": 0.2, "Garden": 1.1},
    "young_family": {"Baby": 5.0, "Grocery": 1.6, "Home": 1.2, "Health": 1.2},
    "established_family": {"Grocery": 1.8, "Pets": 1.8, "Home": 1.5, "Sports": 1.2, "Baby": 0.1},
    "retired": {"Garden": 2.6, "Books": 2.2, "Health": 1.8, "Baby": 0.1, "Electronics": 0.5},
}
"""Relative weight of a department at a life stage; one where nothing is said."""

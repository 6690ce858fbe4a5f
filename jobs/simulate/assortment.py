"""What the shop sells: departments, their shelves, brands and the words for them."""

from dataclasses import dataclass

STYLES = ("classic", "modern", "natural", "playful", "luxury")
TIERS = (0.55, 0.8, 1.0, 1.4, 2.1)
"""Price of a tier relative to its shelf's base price."""

STYLE_WORDS = {
    "classic": "Timeless and dependable, made the way it always was.",
    "modern": "Clean lines and a clever, up to date design.",
    "natural": "Organic, plant based and kind to the planet.",
    "playful": "Bright colours and a sense of fun in every detail.",
    "luxury": "Premium quality, hand finished and beautifully boxed.",
}


@dataclass(frozen=True)
class Shelf:
    """A subcategory: its noun, base price in the shop's currency and the words of its products."""

    department: str
    name: str
    noun: str
    price: float
    words: str
    companion: str
    """The shelf whose products are bought along with this one's."""
    consumable: bool = False


SHELVES_A_DEPARTMENT = 4

SHELVES = (
    Shelf(
        "Grocery", "Coffee", "coffee beans", 9.0, "arabica roast espresso aroma", "Biscuits", True
    ),
    Shelf("Grocery", "Tea", "tea bags", 5.0, "leaf brew assam calming", "Biscuits", True),
    Shelf("Grocery", "Biscuits", "oat biscuits", 3.5, "crunchy baked butter snack", "Tea", True),
    Shelf("Grocery", "Pasta", "fusilli pasta", 2.8, "durum wheat italian supper", "Coffee", True),
    Shelf("Baby", "Nappies", "nappies", 11.0, "absorbent soft leak proof", "Wipes", True),
    Shelf("Baby", "Wipes", "baby wipes", 4.0, "gentle water sensitive skin", "Nappies", True),
    Shelf("Baby", "Baby Food", "fruit puree", 1.9, "weaning pouch apple organic", "Wipes", True),
    Shelf("Baby", "Nursery", "cot blanket", 24.0, "cotton sleep newborn cuddle", "Nappies"),
    Shelf(
        "Pets", "Dog Food", "dog kibble", 19.0, "chicken protein bowl grain free", "Pet Toys", True
    ),
    Shelf(
        "Pets", "Cat Food", "cat food pouches", 12.0, "salmon jelly kitten dinner", "Litter", True
    ),
    Shelf("Pets", "Litter", "cat litter", 8.0, "clumping odour fresh tray", "Cat Food", True),
    Shelf("Pets", "Pet Toys", "chew toy", 7.5, "rope squeak fetch tough", "Dog Food"),
    Shelf(
        "Beauty", "Skincare", "face cream", 18.0, "hydrating vitamin night serum", "Make-up", True
    ),
    Shelf("Beauty", "Haircare", "shampoo", 8.5, "shine repair argan curls", "Skincare", True),
    Shelf("Beauty", "Make-up", "lipstick", 14.0, "matte colour long lasting", "Skincare"),
    Shelf("Beauty", "Fragrance", "eau de parfum", 42.0, "floral musk bergamot evening", "Make-up"),
    Shelf(
        "Health", "Vitamins", "multivitamins", 10.0, "daily immune zinc tablets", "Protein", True
    ),
    Shelf(
        "Health", "Protein", "protein powder", 26.0, "whey muscle shake vanilla", "Vitamins", True
    ),
    Shelf(
        "Health", "Oral Care", "toothpaste", 4.2, "mint whitening enamel fluoride", "Vitamins", True
    ),
    Shelf("Health", "First Aid", "plasters", 3.8, "sterile waterproof cuts kit", "Oral Care"),
    Shelf("Women", "Dresses", "midi dress", 48.0, "flowing summer waist print", "Jewellery"),
    Shelf("Women", "Knitwear", "wool jumper", 42.0, "merino warm ribbed winter", "Dresses"),
    Shelf("Women", "Shoes", "ankle boots", 65.0, "leather heel zip comfort", "Dresses"),
    Shelf("Women", "Jewellery", "silver earrings", 29.0, "sterling hoop sparkle gift", "Dresses"),
    Shelf("Men", "Shirts", "oxford shirt", 36.0, "cotton collar button office", "Trousers"),
    Shelf("Men", "Trousers", "chino trousers", 40.0, "stretch slim pocket smart", "Shirts"),
    Shelf("Men", "Trainers", "leather trainers", 68.0, "cushioned sole lace street", "Socks"),
    Shelf("Men", "Socks", "cotton socks", 9.0, "pack ribbed ankle breathable", "Trainers"),
    Shelf("Home", "Bedding", "duvet cover", 38.0, "percale king sleep cotton", "Candles"),
    Shelf("Home", "Kitchen", "frying pan", 32.0, "non stick induction cook", "Cleaning"),
    Shelf("Home", "Candles", "scented candle", 16.0, "wax vanilla cosy glow", "Bedding"),
    Shelf(
        "Home", "Cleaning", "laundry liquid", 7.5, "stain wash fresh concentrate", "Kitchen", True
    ),
    Shelf("Garden", "Plants", "lavender plant", 9.5, "perennial scent border bees", "Compost"),
    Shelf("Garden", "Tools", "pruning shears", 18.0, "steel blade grip hedge", "Plants"),
    Shelf("Garden", "Furniture", "garden chair", 74.0, "folding teak patio outdoor", "Plants"),
    Shelf("Garden", "Compost", "peat free compost", 6.5, "soil grow seed bag", "Plants"),
    Shelf(
        "Electronics",
        "Headphones",
        "wireless headphones",
        85.0,
        "noise cancelling bass",
        "Chargers",
    ),
    Shelf(
        "Electronics", "Chargers", "usb-c charger", 19.0, "fast cable adapter travel", "Headphones"
    ),
    Shelf("Electronics", "Smart Home", "smart bulb", 15.0, "voice dimmer app light", "Speakers"),
    Shelf("Electronics", "Speakers", "bluetooth speaker", 58.0, "portable sound party", "Chargers"),
    Shelf("Sports", "Running", "running shoes", 82.0, "marathon foam grip stride", "Sportswear"),
    Shelf("Sports", "Yoga", "yoga mat", 28.0, "stretch balance non slip", "Sportswear"),
    Shelf("Sports", "Cycling", "bike helmet", 46.0, "vented safety road ride", "Sportswear"),
    Shelf("Sports", "Sportswear", "training leggings", 34.0, "sweat dry high waist gym", "Yoga"),
    Shelf("Books", "Fiction", "novel", 8.9, "story mystery bestselling author", "Biography"),
    Shelf("Books", "Cookbooks", "cookbook", 18.0, "recipes easy supper chef", "Fiction"),
    Shelf("Books", "Children", "picture book", 7.0, "bedtime animals rhyme read", "Fiction"),
    Shelf("Books", "Biography", "biography", 12.0, "memoir life history inspiring", "Fiction"),
)

DEPARTMENTS = tuple(dict.fromkeys(shelf.department for shelf in SHELVES))

BRANDS = {
    "Grocery": ("Harrow & Vale", "Millbrook", "Tidewell", "Bonnerby", "Oakley Lane", "Sunfold"),
    "Baby": ("Tinyoak", "Lullabee", "Snugglet", "Dozy Duck", "Poppetree", "Wee Willow"),
    "Pets": ("Barkwise", "Pawlington", "Whiskerfold", "Fettle", "Roverly", "Mossy Paw"),
    "Beauty": ("Elowen", "Maris Rose", "Velvenne", "Aurelle", "Glowford", "Serafine"),
    "Health": ("Vitaleaf", "Wellmarch", "Corefield", "Sanova", "Brightwell", "Fitmoor"),
    "Women": ("Isolde", "Larkspur", "Maude & May", "Verity Lane", "Ondine", "Fernhill"),
    "Men": ("Aldgate", "Thorne", "Kestrel & Co", "Marlow", "Bexley Row", "Northmoor"),
    "Home": ("Hearthside", "Linden", "Copperpot", "Nestwell", "Drift & Dale", "Homefold"),
    "Garden": ("Greenacre", "Bramblewood", "Spadeworth", "Fernly", "Potager", "Wildhedge"),
    "Electronics": ("Voltera", "Sonique", "Nimbus", "Pulsewave", "Ampere", "Lumio"),
    "Sports": ("Strideon", "Peakform", "Velotix", "Zenmove", "Runfast", "Summitra"),
    "Books": ("Inkwell", "Quillhouse", "Page & Pine", "Foxglove", "Harbour", "Lantern"),
}
BRANDS_A_DEPARTMENT = 6

SEASONS = {
    "Garden": (0.2, 0.3, 0.8, 1.3, 1.6, 1.5, 1.3, 1.0, 0.7, 0.4, 0.2, 0.2),
    "Sports": (1.4, 1.1, 1.0, 1.0, 1.1, 1.2, 1.1, 1.0, 1.0, 0.8, 0.7, 0.8),
    "Electronics": (0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.9, 0.9, 1.0, 1.1, 1.6, 1.6),
    "Books": (0.9, 0.9, 0.9, 0.9, 0.9, 1.0, 1.2, 1.2, 1.0, 1.0, 1.2, 1.5),
}
"""Relative demand of a department in each month, January first; one where nothing is said."""


def shelf_index(name: str) -> int:
    """Return the place of a shelf by its name, which is unique."""
    return next(place for place, shelf in enumerate(SHELVES) if shelf.name == name)

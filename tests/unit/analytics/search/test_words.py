"""Words of names and sentences, and what is known of an asset."""

import pytest

from dino_analytics.core.search.known import film_words, known, matches
from dino_analytics.core.search.words import split_name, telling, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("redCar_v2-final", ["red", "Car", "v", "2", "final"]),
        ("IMG_2034", ["IMG", "2034"]),
        ("HTTPServer", ["HTTP", "Server"]),
        ("größteSchau 7", ["größte", "Schau", "7"]),
        ("...", []),
    ],
)
def test_names_are_split_where_people_see_words(name, words):
    assert split_name(name) == words


def test_words_are_compared_without_case_accents_number_and_stop_words():
    assert words_of("The Cafés of the CITIES, glasses and buses") == ["cafe", "city", "glass", "buse"]
    assert words_of("a photo of the") == []
    assert words_of("Größe größe") == ["grosse"]
    assert words_of("海 红色") == ["海", "红色"]


def test_serial_numbers_say_nothing_but_are_found():
    assert telling(split_name("IMG_2034")) == []
    asset = known("IMG_2034.jpg", [], {})
    assert asset.paragraph == "IMG_2034.jpg"
    assert "2034" in asset.words


def test_what_is_known_comes_field_by_field():
    asset = known(
        "sailBoat-07.png",
        ["sea"],
        {"maker": "Falkenberg", "indoor": False, "sold": True, "price": 3.5, "none": None},
        shots=["A wide shot of a harbour."],
        film="harbour film",
        look="blue and calm",
    )
    assert asset.fields == {
        "tags": "sea",
        "filename": "sail Boat 07",
        "metadata": "maker Falkenberg; sold; price 3.5",
        "look": "blue and calm",
        "shots": "A wide shot of a harbour",
        "film": "harbour film",
    }
    assert asset.paragraph.startswith("sea. sail Boat. maker Falkenberg")
    assert matches(words_of("boats by Falkenberg"), asset.fields) == {"filename": ["boat"], "metadata": ["falkenberg"]}


def test_digest_changes_with_what_is_known_and_only_then():
    assert known("a.png", ["x"], {}).digest == known("a.png", ["x"], {}).digest
    assert known("a.png", ["x"], {}).digest != known("a.png", ["y"], {}).digest
    assert known("a.png", ["x"], {}).digest != known("a.png", ["x"], {}, look="dark").digest


def test_long_fields_are_cut():
    asset = known("a.png", [], {"text": "word " * 5000})
    assert len(asset.paragraph) <= 2000
    assert len(asset.words) <= 600


def test_film_lends_its_words_to_its_pictures():
    assert film_words("MVI_0001_harbour.mp4", ["summer"]) == "summer, harbour"

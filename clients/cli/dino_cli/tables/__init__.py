"""How answers look on a terminal; one file per kind of answer."""

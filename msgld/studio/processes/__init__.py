"""Child processes that speak in lines of JSON, both sides of them."""

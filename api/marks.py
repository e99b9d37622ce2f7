"""Marks in the OpenAPI document."""

ARTICLE = {"x-article": True}  # an endpoint of the article that Septet is built after

"""The operations of `openapi.yml`, as the tests need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.conformance.schemas import Description

_JSON = "application/json"


@dataclass(frozen=True)
class Described:
    """What the description says of one operation."""

    key: str
    method: str
    path: str
    query: dict[str, dict[str, Any]]
    """The schema of each query parameter."""
    needed: frozenset[str]
    """Those it must not go without."""
    body: dict[str, Any] | None
    answer: dict[str, Any]
    refusal: dict[str, Any]
    """What it answers where the request is wrong."""

    @property
    def words(self) -> str:
        """Where it goes."""
        return f"{self.method.upper():6} {self.path}"

    def properties_of_body(self) -> dict[str, dict[str, Any]]:
        """The schema of each property that the body may have."""
        return {
            name: schema
            for each in (self.body or {}).get("anyOf", [self.body or {}])
            for name, schema in each.get("properties", {}).items()
        }


def described(openapi: Description) -> Iterator[Described]:
    """Each operation; tag and operationId together name it, since operationIds repeat."""
    for path, item in openapi.whole["paths"].items():
        for method, operation in item.items():
            given = [openapi.follow(each) for each in operation.get("parameters", ())]
            query = [each for each in given if each["in"] == "query"]
            body = operation.get("requestBody")
            answer, refusal = (operation["responses"][status]["content"][_JSON]["schema"] for status in ("200", "400"))
            yield Described(
                key=f"{operation['tags'][0]}.{operation['operationId']}",
                method=method,
                path=path,
                query={each["name"]: openapi.schema(each["schema"]) for each in query},
                needed=frozenset(each["name"] for each in query if each.get("required")),
                body=openapi.schema(openapi.follow(body)["content"][_JSON]["schema"]) if body else None,
                answer=openapi.schema(answer),
                refusal=openapi.schema(refusal),
            )

"""The API's document for people, at `/docs`: Swagger UI from its locked package, under the policy of our own pages."""

from fastapi import APIRouter, Request, Response

from functions.api.console.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def read_document(request: Request) -> Response:
    """The page; everybody may see it."""
    return page(request, "docs.html")

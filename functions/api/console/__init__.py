"""The console: the pages that people see, made on the server by the functions that the API's routes are."""

from fastapi import FastAPI

from functions.api.console import api_document, pages
from functions.api.console.security import SecurityHeaders
from functions.api.console.static import router as static_files


def add_to(app: FastAPI) -> None:
    """Let the application serve the console beside its API."""
    app.include_router(static_files)
    app.include_router(api_document.router)
    for router in pages.routers():
        app.include_router(router)
    app.add_middleware(SecurityHeaders)

#!/bin/sh
exec python -m uvicorn --log-level warning --port "$AWS_LWA_PORT" --app-dir web app:app

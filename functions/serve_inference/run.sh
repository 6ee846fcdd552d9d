#!/bin/sh
# The handler string of serve_inference: the Lambda Web Adapter starts it once and forwards every request to the port.
set -eu
# LAMBDA_TASK_ROOT holds gero/ and functions/; LAMBDA_RUNTIME_DIR may hold boto3, which the package leaves out.
export PYTHONPATH="${LAMBDA_TASK_ROOT:?}${LAMBDA_RUNTIME_DIR:+:$LAMBDA_RUNTIME_DIR}${PYTHONPATH:+:$PYTHONPATH}"

# Connections are kept for an hour: a frozen sandbox must not thaw to close the one the adapter is about to use.
exec "${GERO_PYTHON:-python3}" -m uvicorn functions.serve_inference.handler:handler \
    --host 127.0.0.1 --port "${AWS_LWA_PORT:-8000}" --lifespan on --interface asgi3 --ws none \
    --timeout-keep-alive 3600 --timeout-graceful-shutdown 2 \
    --no-access-log --no-server-header --no-proxy-headers --log-level warning

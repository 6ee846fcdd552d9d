#!/bin/sh
# The handler string of serve_inference: the Lambda Web Adapter starts it once and forwards every request to the port.
set -eu
# LAMBDA_TASK_ROOT holds gero/ and functions/; LAMBDA_RUNTIME_DIR may hold boto3, which the package leaves out.
export PYTHONPATH="${LAMBDA_TASK_ROOT:?}${LAMBDA_RUNTIME_DIR:+:$LAMBDA_RUNTIME_DIR}${PYTHONPATH:+:$PYTHONPATH}"

exec "${GERO_PYTHON:-python3}" -m functions.serve_inference

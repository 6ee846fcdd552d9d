"""The resource API: leaderboards, models, runs, rankings, traces, tokens; with its OpenAPI document.

Trigger: HTTP API, every path that no other function serves.
May: dynamodb:BatchWriteItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query,
    dynamodb:UpdateItem, kms:Encrypt, s3:DeleteObject, s3:GetObject, s3:ListBucket, states:StartExecution,
    states:StopExecution
"""

from mangum import Mangum

from functions.api.app import create_app

handler = Mangum(create_app(), lifespan="off")

"""The way in: the HTTP API of API Gateway and the function URLs."""

"""What the servers of others are told to answer: to `parcel` shipping, to `input N` N, and errors by model."""

from typing import Any

KEY = "sk-stranger-0123456789"
ERRORS = {401: "Incorrect API key", 404: "The model does not exist", 429: "Rate limit exceeded.", 500: "It broke"}

STUBLLM: dict[str, Any] = {
    "fixtures": [
        {
            "name": "usage",
            "match": {"model": "sorter", "messages": [{"role": "user", "content": {"contains": "parcel"}}]},
            "response": {
                "content": "shipping",
                "usage": {"prompt_tokens": 21, "completion_tokens": 3, "total_tokens": 24},
            },
        },
        *(
            {
                "name": f"row {n}",
                "match": {"model": "a", "messages": [{"role": "user", "content": {"contains": f"input {n}"}}]},
                "response": {"content": str(n)},
            }
            for n in range(6)
        ),
        *(
            {"name": f"error {status}", "match": {"model": f"error-{status}"}}
            | {"response": {"http_status": status, "error_message": told}}
            for status, told in ERRORS.items()
        ),
        {
            "name": "recovers",
            "match": {"model": "recovers"},
            "sequence": [
                {"http_status": 429, "error_message": "Rate limit exceeded."},
                {"http_status": 503, "error_message": "down"},
                {"content": "shipping"},
            ],
        },
        {
            "name": "tool",
            "match": {"model": "tool"},
            "response": {"tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        },
    ]
}
FAKELLM: dict[str, Any] = {
    "version": 1,
    "rules": [
        *(
            {"name": f"error {status}", "when": {"model_matches": f"error-{status}"}}
            | {"respond": {"status": status, "error": told}}
            for status, told in ERRORS.items()
        ),
        *(
            {"name": f"row {n}", "when": {"messages_contain": f"input {n}"}, "respond": {"content": str(n)}}
            for n in range(6)
        ),
        {
            "name": "with a key",
            "when": {"header.authorization": f"Bearer {KEY}", "messages_contain": "parcel"},
            "respond": {"content": "shipping"},
        },
    ],
}
LITELLM: dict[str, Any] = {
    "model_list": [
        {
            "model_name": "mocked",
            "litellm_params": {"model": "openai/gpt-4o-mini", "api_key": "x", "mock_response": "shipping"},
        },
        *(
            {
                "model_name": f"mocked-{kind}",
                "litellm_params": {"model": "openai/gpt-4o-mini", "api_key": "x", "mock_response": f"litellm.{kind}"},
            }
            for kind in ("RateLimitError", "InternalServerError", "ContextWindowExceededError")
        ),
        *(
            {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_key": "x", "api_base": "UPSTREAM"}}
            for name in ("sorter", "a", *(f"error-{status}" for status in ERRORS))
        ),
    ],
    "general_settings": {"master_key": KEY},
    "router_settings": {"num_retries": 0, "disable_cooldowns": True},
}

"""What Lambda hands to a handler, for tests."""


class Context:
    """What Lambda hands to a handler, as far as handlers look at it."""

    aws_request_id = "request"
    function_name = "test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:test"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000

"""What invokes functions without a caller: SQS event sources, schedules and EventBridge targets."""

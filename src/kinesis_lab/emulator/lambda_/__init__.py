"""AWS Lambda: functions run in processes of their own, and event source mappings that feed them."""

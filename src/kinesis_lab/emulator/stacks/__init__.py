"""What a CloudFormation stack makes here and not in moto, and how stacks come, change and go."""

"""What a CloudFormation stack makes here and not in moto."""

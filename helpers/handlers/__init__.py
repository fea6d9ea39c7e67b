"""The Lambda functions that chapters deploy: plain files, importable here and zipped as they are."""

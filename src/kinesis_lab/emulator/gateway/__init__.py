"""API Gateway as far as the chapters need it: moto keeps the REST APIs, and this answers the calls to them."""

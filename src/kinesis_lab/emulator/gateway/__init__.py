"""A part of API Gateway: moto keeps the REST APIs, and this answers the calls to them."""

"""What a user would pick instead, and the floor below all of us: small applications on one table, one payload, one sign-in.

Each does what it would do when deployed: a signed token and one SELECT for the user, three rate limits in Redis, COUNT on
lists, a history row and an event row for each write. Their tables live in the schema `peer` of the benchmark's database.
"""

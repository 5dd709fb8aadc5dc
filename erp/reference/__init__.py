"""Reference data that ships with the product: how the CSV files are made, what they promise and how that is checked.

The files stand under each domain's `data/` folder; this package knows them by path only and imports no domain.
"""

"""Demonstration data: two trading houses with thirty days behind them. Never for production.

`stage` plays the acts, each at its moment and by its person; `clock` sets the record's clock back for that one transaction;
`numbers` and `people` make up whom they are about. Each domain tells its part in `<app>/demo.py`, found by name.
"""

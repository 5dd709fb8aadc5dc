"""Who sees masked values in plain, as the API asks it. The table is in erp/masking.py, because the desk reads it too."""

from erp.masking import MASK, MASKED, TAIL, masked, sees_plain

__all__ = ["MASK", "MASKED", "TAIL", "masked", "sees_plain"]

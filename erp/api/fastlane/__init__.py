"""The fast lane of reads: PostgreSQL writes the JSON of each row, and Python only puts pages around it.

The serializer stays the declaration and the specification. Once per shape of a request its fields are translated to SQL
(layouts.py, spelling.py); what can't be translated faithfully is read by the serializer as ever, decided before a row is
read. `API_FAST_LANE=0` leaves everything to the serializer: no answer changes (docs/adr/0022).
"""

from erp.api.fastlane.lane import Lane, is_kept, lane_of, locked, with_joins

__all__ = ["Lane", "is_kept", "lane_of", "locked", "with_joins"]

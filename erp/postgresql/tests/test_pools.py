"""How many connections a fleet opens."""

from __future__ import annotations

import pytest

from erp.postgresql.pools import Need, connections_needed


@pytest.mark.parametrize(
    ("fleet", "need", "at_server"),
    [
        # one machine with two cores
        ({"processes": 2, "threads": 8}, Need(16, 0, 6, 6), 28),
        # a pool of as many, or of fewer, a process
        ({"processes": 2, "threads": 8, "pool_max": 8}, Need(16, 0, 6, 6), 28),
        ({"processes": 2, "threads": 8, "pool_max": 4, "workers": 0}, Need(8, 0, 0, 6), 14),
        # the default max_connections = 100 is too little for five replicas
        ({"processes": 2, "threads": 8, "replicas": 5, "workers": 2, "jobs_at_once": 4}, Need(80, 0, 18, 6), 104),
        # fifty and fifty beyond for the whole fleet, behind a pooler
        ({"processes": 4, "threads": 8, "replicas": 6, "workers": 2, "pooler_size": 100}, Need(192, 100, 12, 6), 118),
        # a pooler opens no more than is asked of it
        ({"processes": 2, "threads": 4, "pooler_size": 50}, Need(8, 8, 6, 6), 20),
    ],
)
def test_connections_of_a_fleet(fleet, need, at_server):
    assert connections_needed(**fleet) == need
    assert connections_needed(**fleet).at_server == at_server


@pytest.mark.parametrize("wrong", [{"processes": 0}, {"threads": 0}, {"replicas": -1}, {"pooler_size": -1}])
def test_counts_below_zero_are_refused(wrong):
    with pytest.raises(ValueError, match="Count processes and threads from one up"):
        connections_needed(**{"processes": 2, "threads": 8, **wrong})

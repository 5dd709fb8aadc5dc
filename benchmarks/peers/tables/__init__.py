"""Tables of the peers: locations with the columns of ours, their history, their events, their users."""

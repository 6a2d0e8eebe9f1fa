-- Nothing is stored anew: what is asked of an address is a server_request. But operations and limits have words from here on
-- that an older tree does not know, and would stumble over; it is refused.
DO 0;

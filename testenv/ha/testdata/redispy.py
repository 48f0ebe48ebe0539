# Writes and reads through redis-py, one line from standard input at a time: `write KEY VALUE` appends, `read KEY` gives
# the length that a replica knows. Each is answered with one line, "ok ..." or "error ...".
#
# arguments: the primary's name, user, password, and the addresses of the sentinels

import sys

import redis.sentinel

name, user, password, *addresses = sys.argv[1:]
login = {"username": user, "password": password, "socket_timeout": 1}
sentinel = redis.sentinel.Sentinel([a.split(":") for a in addresses], sentinel_kwargs=login, **login)
primary = sentinel.master_for(name, client_name="redis-py")
replica = sentinel.slave_for(name, client_name="redis-py")

for line in sys.stdin:
    verb, key, *value = line.split()
    try:
        if verb == "write":
            print("ok", primary.append(key, value[0]), flush=True)
        else:
            print("ok", replica.strlen(key), flush=True)
    except redis.exceptions.RedisError as e:
        print("error", type(e).__name__, str(e).replace("\n", " "), flush=True)

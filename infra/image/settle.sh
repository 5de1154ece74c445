#!/bin/sh -e
# settle.sh FOLDER: the same rights and times for all that is in it, whoever cloned the sources and whenever they are built, so that
# layers of the same contents have the same digest.
chmod -R u=rwX,go=rX "$1"
find "$1" -exec touch --no-dereference --date=@0 {} +

#!/bin/sh
# What the guest agent runs for `virsh shutdown --mode agent`: answer first, then go.
sync
(sleep 1; poweroff -f) &

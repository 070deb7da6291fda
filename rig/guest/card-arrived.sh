#!/bin/sh
# Run by busybox uevent for every event of the kernel: a new card is made audible.
[ "$ACTION" = add ] || exit 0
case $DEVNAME in
  snd/controlC*) amixer -q -D "hw:${DEVNAME#snd/controlC}" sset Master 100% unmute ;;
esac

#!/bin/sh
# First program of the rig's machine, from its initramfs: load the disk's driver, mount, hand over.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r file; do insmod "/mod/$file"; done < /mod/order
tries=0
while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
mkdir -p /disk
mount -t ext4 /dev/vda /disk || { echo 'rig: cannot mount the disk'; poweroff -f; }
for folder in proc sys dev; do mount --move /$folder /disk/$folder; done
exec switch_root /disk /rig/init

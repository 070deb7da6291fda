#!/bin/sh
# A guest of the rig, whole: PID 1 of an initramfs with busybox, a sound driver and, if told, the guest agent.
# Words on the kernel's command line: rig.agent (answer libvirt), rig.muted (mute the card), rig.nodriver (never load
# a sound driver).
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
mkdir -p /run /var/run /var/log /tmp
read -r line < /proc/cmdline
told() { case " $line " in *" rig.$1 "*) return 0 ;; esac; return 1; }
say() { read -r up _ < /proc/uptime; echo "guest [$up] $*"; }

load() { while read -r set file; do [ "$set" = "$1" ] && insmod "/mod/$file"; done < /mod/order; return 0; }

# The ACPI power button is how `virsh shutdown` reaches a guest that has no agent.
load button
(
  for input in /sys/class/input/event*; do
    read -r name < "$input/device/name"
    [ "$name" = "Power Button" ] && button=/dev/input/${input##*/}
  done
  [ -n "$button" ] && head -c 24 "$button" > /dev/null && say "power button" && sync && poweroff -f
) &

told agent && load agent

if ! told nodriver; then
  load sound
  told muted && echo 0 > /sys/module/snd_hda_intel/parameters/power_save
  for device in /sys/bus/pci/devices/*; do
    read -r class < "$device/class"
    case $class in
      0x0403*) expected=yes ;;
      # A network card comes along when a whole device is lent: it gets its driver and is switched on.
      0x0200*) load network && ip link set eth0 up ;;
    esac
  done
  tries=0
  while [ -n "$expected" ] && [ ! -e /dev/snd/controlC0 ] && [ $tries -lt 150 ]; do sleep 0.1; tries=$((tries + 1)); done
  if [ -e /dev/snd/controlC0 ]; then
    amixer -q -D hw:0 sset Master 100% unmute
    # QEMU's codec keeps what the guest before had set, and ALSA writes only what changes: to be muted is said after the
    # opposite. QEMU opens a voice anew, at full volume, when the stream's format changes (AUD_open_out) and when the
    # codec wakes from its power saving: that is off, and the format to be played is set before.
    if told muted; then
      aplay -q -D hw:0,0 -f dat -d 1 /dev/zero
      amixer -q -D hw:0 sset Master 0% mute
    fi
    say "card $(readlink /sys/class/sound/card0/device)"
  else
    say "no card, expected: ${expected:-no}"
  fi
  # Cards that come later, by hot-plug: the kernel says so, and the same unmute follows.
  told muted || uevent /bin/card-arrived > /dev/null 2>&1 &
fi

if told agent; then
  tries=0
  while [ ! -e /dev/vport0p1 ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  qemu-ga -m virtio-serial -p /dev/vport0p1 -t /run -l /run/agent.log &
  say 'agent started'
fi
say ready
while :; do sleep 3600; done

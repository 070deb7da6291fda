#!/bin/bash
# PID 1 of the rig's machine: mounts, udev, libvirt, then jobs for whoever holds the other end of /dev/ttyS1.
# There is no systemd: with it the machine is ready after 25 s instead of 9 (TCG, one processor).
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8
say() { read -r up _ < /proc/uptime; echo "rig [$up] $*"; }

mount -t tmpfs -o mode=755 run /run
mount -t tmpfs tmp /tmp
mkdir -p /dev/pts /dev/shm /run/lock /run/udev /share
mount -t devpts -o mode=620,gid=5 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none share /share
# The disk with the program under test: mounted, not copied, so that only what runs is read.
if [ -b /dev/vdb ]; then mkdir -p /opt/vfioctl && mount -t ext4 -o ro,noload /dev/vdb /opt/vfioctl && ln -sf /opt/vfioctl/vfioctl /usr/local/bin/vfioctl; fi
# Static device nodes, as systemd-tmpfiles-setup-dev makes them: without /dev/vfio/vfio libvirt says that VFIO is
# not supported on this system.
mkdir -p /run/tmpfiles.d
kmod static-nodes -f tmpfiles -o /run/tmpfiles.d/static-nodes.conf
systemd-tmpfiles --prefix=/dev --create --boot
# The links that systemd itself would make (dev_setup): /dev/stdin is how a program is given a file by pipe.
for link in fd stdin:0 stdout:1 stderr:2; do
  case $link in fd) ln -sf /proc/self/fd /dev/fd ;; *) ln -sf "/proc/self/fd/${link#*:}" "/dev/${link%:*}" ;; esac
done
hostname rig
ip link set lo up
say 'mounted'

/lib/systemd/systemd-udevd --daemon
udevadm trigger -c add -s pci -s sound
udevadm settle -t 60
say "udev settled, sound: $(echo /dev/snd/*)"
# TCG emulates AMD's SVM with nested paging, never Intel's VMX: guests run under KVM inside an emulated processor.
modprobe -q kvm_amd
virtlogd -d
libvirtd -d
tries=0
until virsh -q uri > /dev/null 2>&1; do
  sleep 0.1
  tries=$((tries + 1))
  [ $tries -gt 600 ] && { say 'libvirtd does not answer'; break; }
done
say 'libvirtd answers'

stty -F /dev/ttyS1 raw -echo
exec 3<> /dev/ttyS1
job() { # NAME SECONDS
  cd /root || return
  timeout -k 5 "$2" bash "/share/$1.sh" > "/share/$1.out" 2> "/share/$1.err" < /dev/null 3>&-
  echo "end $1 $?" >&3
}
terminal() { # ROWS COLUMNS TERM
  stty -F /dev/ttyS0 sane rows "$1" cols "$2"
  cd /root || return
  TERM=$3 PS1='rig:\w# ' setsid --ctty bash --norc -i < /dev/ttyS0 > /dev/ttyS0 2>&1 3>&-
  echo 'end shell 0' >&3
}
read -r up _ < /proc/uptime
echo "ready $up" >&3
while read -r verb first second third <&3; do
  case $verb in
    run) job "$first" "$second" & ;;
    shell) terminal "$first" "$second" "$third" & ;;
    off) break ;;
  esac
done
sync
mount -o remount,ro /
busybox poweroff -f

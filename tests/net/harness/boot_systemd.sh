#!/bin/sh
# Boots a systemd of its own for machine.py: on a copy of this machine's files, or of a system's in another folder, that is
# gone afterwards, with no network but its own loopback. To be run by root in new mount, process, UTS, IPC and network
# namespaces.
# Usage: boot_systemd.sh FOLDER CGROUP EXTRA_FILES SYSTEM
set -e
folder=$1 cgroup=$2 extra=$3 system=$4

echo $$ > "$cgroup/cgroup.procs"
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=$system,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cp -a "$extra" "$folder/extra"
cd "$folder/root"

mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
    touch dev/$device
    mount -o bind /dev/$device dev/$device
done
mkdir dev/shm dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx

# Nothing of this machine's own services, only the users, the folders and the journal.
units=usr/lib/systemd/system
rm -rf etc/systemd/system
rm -f $units/sysinit.target.wants/* $units/basic.target.wants/* $units/sockets.target.wants/* \
    $units/timers.target.wants/* $units/multi-user.target.wants/*
mkdir -p etc/systemd/system $units/sysinit.target.wants
for unit in systemd-sysusers.service systemd-tmpfiles-setup.service; do
    ln -s ../$unit $units/sysinit.target.wants/$unit
done
rm -rf var/log/journal etc/obpub
echo 0123456789abcdef0123456789abcdef > etc/machine-id
cp -a "$folder/extra/." .

mkdir run/old_root
pivot_root . run/old_root
umount -l /run/old_root
mount --make-rshared /
exec unshare --cgroup --propagation unchanged sh -c '
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /usr/lib/systemd/systemd --system --unit=trial.target --log-target=journal --show-status=no'

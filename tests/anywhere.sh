#!/bin/sh
# Tests that the tests run wherever they are cloned: sh tests/anywhere.sh [--suite bookworm|trixie] [CASE]... Makes a minimal
# Debian 12 or 13 (this machine's, unless it is said) in build/anywhere with mmdebstrap, from where this machine has its packages,
# and in it gives a copy of this folder to
#
#     sudo   a user who may become root, and so installs the packages that are missing
#     root   root, in a folder that nobody else may enter; with the demo, too
#     user   a user who may not become root
#     space  root, where that folder's name and the one for temporary files have a space in them
#     pages  root, who gives the commands of the documents for developers (tests/soak/commands.py)
#
# Each but the last builds and has "sh tests/run.sh unit cli" pass. Needs root, 4 GB of disk, and about a quarter of an hour.
# One case more, which has to be named,
#
#     all    root, with the demo and all stages, the other Debian's among them
#
# takes more than half an hour, and 8 GB.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

system=$PWD/build/anywhere
apart=

is_attended || {
    setup_packages mmdebstrap git python3
    [ "$(id -u)" = 0 ] || exec sudo sh tests/anywhere.sh "$@"
    attend tests/anywhere.sh "$@"
}

# Run a command in namespaces of its own: what it started and what it mounted end with it.
run_apart()
{
    unshare --mount --pid --fork --kill-child "$@" &
    apart=$!
    wait "$apart"
    status=$?
    apart=
    return $status
}

# End what runs apart, and remove the system.
clean_up()
{
    [ -z "$apart" ] || {
        kill -KILL "$apart"
        wait
    }
    rm -rf --one-file-system "$system"
}

# Make the system: what every Debian has, and apt.
make_system()
{
    # shellcheck disable=SC2086 # words
    sh tests/debian.sh $suite "$system" sudo || return
    echo "127.0.0.1 localhost $(uname -n)" >"$system/etc/hosts"
    for user in sudoer user; do
        chroot "$system" useradd --create-home --shell /bin/sh $user || return
    done
    echo 'sudoer ALL=(ALL) NOPASSWD: ALL' >"$system/etc/sudoers.d/sudoer"
}

# As a user of the system, run a shell's commands in a folder.
run_inside()
{
    user=$1
    folder=$2
    commands=$3
    # shellcheck disable=SC2016 # for the shells inside
    run_apart sh -c '
        mount --bind "$1" "$1" && cd "$1" && mount --rbind /dev dev && mount --rbind /sys sys &&
            mount -t proc proc proc && mount -t tmpfs tmpfs run && mkdir run/old_root &&
            pivot_root . run/old_root && umount -l /run/old_root || exit
        exec su - "$2" -c "cd \"\$0\" && $4" "$3"' sh "$system" "$user" "$folder" "$commands"
}

# Copy what git has or would have of this folder to one of a user of the system, which is closed to others.
copy_sources()
{
    mkdir -p "$system$2" && git -c safe.directory="*" ls-files -z --cached --others --exclude-standard |
        tar --null --files-from=- --create | tar -C "$system$2" --extract --no-same-owner || return
    chroot "$system" chown -R "$1:" "$2" && chmod 700 "$system$2"
}

# Try one of the cases.
try()
{
    case $1 in
    sudo) set -- sudoer /home/sudoer/obpub 'sh tests/run.sh unit cli' ;;
    root) set -- root /root/obpub 'sh tests/demo.sh && sh tests/run.sh unit cli' ;;
    user) set -- user /home/user/obpub 'sh tests/run.sh unit cli' ;;
    all) set -- root /root/obpub 'sh tests/demo.sh && sh tests/run.sh' ;;
    space)
        mkdir -p "$system/tmp/a folder" &&
            set -- root '/root/a folder' 'TMPDIR="/tmp/a folder" sh tests/run.sh unit cli'
        ;;
    pages)
        chroot "$system" sh -c 'apt-get -q update && apt-get -q -y install --no-install-recommends git python3' &&
            set -- root /root/pages '/usr/bin/python3 tests/soak/commands.py'
        ;;
    *)
        echo "There is no case \"$1\"."
        return 2
        ;;
    esac
    copy_sources "$1" "$2" && run_inside "$@"
}

suite=
[ "$1" != --suite ] || {
    suite="--suite $2"
    shift 2
}
[ $# != 0 ] || set -- sudo root user space pages
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
rm -rf --one-file-system "$system"
mkdir -p build
failed=
step 'making a minimal Debian in build/anywhere'
make_system || exit
for name; do
    step "the case \"$name\""
    began=$(date +%s)
    try "$name" || failed="$failed $name"
    echo "(the case \"$name\" took $(($(date +%s) - began)) s)"
done
[ -z "$failed" ] || echo "Failed:$failed"
[ -z "$failed" ]

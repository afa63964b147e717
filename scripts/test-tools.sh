#!/bin/sh
# Installs the programs that the tests use as clients and as references, where
# that is allowed. Where it is not, it says which tests will be skipped; with
# CI=true that is an error, because nothing may be skipped there.
set -u

# What is looked for, the Debian package that has it, and whose tests need it.
needed='
nbdkit                                              nbdkit               nbd,plugins,recordings,cmd
/usr/lib/*/nbdkit/plugins/nbdkit-lua-plugin.so      nbdkit-plugin-lua    plugins/lua,cmd
/usr/lib/*/nbdkit/plugins/nbdkit-python-plugin.so   nbdkit-plugin-python plugins/starlark
nbdinfo                                             libnbd-bin           nbd,cmd
nbdcopy                                             libnbd-bin           nbd,cmd
qemu-io                                             qemu-utils           nbd,recordings,cmd
qemu-img                                            qemu-utils           nbd,cmd
qemu-nbd                                            qemu-utils           nbd
nbd-server                                          nbd-server           nbd
nbd-client                                          nbd-client           nbd
fusermount3                                         fuse3                fusemount,cmd
nbdfuse                                             libnbd-bin           cmd
fio                                                 fio                  nbd,recordings,cmd
tmux                                                tmux                 tui,cmd
jq                                                  jq                   recordings,cmd
tshark                                              tshark               recordings,cmd
mkfs.ext4                                           e2fsprogs            fusemount,cmd
sfdisk                                              fdisk                cmd
mtype                                               mtools               cmd
fsck.fat                                            dosfstools           cmd
fallocate                                           util-linux           fusemount,cmd
nsenter                                             util-linux           fusemount
debugfs                                             e2fsprogs            cmd
sqlite3                                             sqlite3              cmd
losetup                                             mount                cmd
'

PATH=$PATH:/usr/sbin:/sbin
export PATH

# present NAME reports whether a program, or a file by a pattern, is there.
present() {
	case $1 in
	/*) for file in $1; do [ -e "$file" ] && return 0; done; return 1 ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

# missing prints the third or second column of what is not there.
missing() {
	echo "$needed" | while read -r name package tests; do
		[ -n "$name" ] || continue
		present "$name" && continue
		case $1 in
		packages) echo "$package" ;;
		reasons) echo "  $name is missing (package $package): tests of $tests are skipped" ;;
		esac
	done | sort -u
}

packages=$(missing packages)
[ -n "$packages" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n'; else as_root=no; fi
fi

if [ "$as_root" != no ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing what the tests need:" $packages
	log=$(mktemp)
	if ! { $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages; } >"$log" 2>&1; then
		tail -n 5 "$log" >&2
	fi
	rm -f "$log"
elif [ "$as_root" = no ]; then
	echo "cannot install programs: this user is not root, and sudo wants a password" >&2
else
	echo "cannot install programs: this system has no apt-get" >&2
fi

reasons=$(missing reasons)
[ -n "$reasons" ] || exit 0
echo "$reasons" >&2
if [ "${CI:-}" = true ]; then
	echo "with CI=true nothing may be skipped" >&2
	exit 1
fi

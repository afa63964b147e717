#!/usr/bin/env bash
# Makes the pictures of the documents: runs the real program on its tour in a
# terminal of its own, goes to each panel, and draws what is seen.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=docs/pictures
work=$(mktemp -d /tmp/wb.XXXX)
terminal() { tmux -f /dev/null -S "$work/tmux" "$@"; }
finish() {
	terminal kill-server 2>/dev/null || true
	for _ in $(seq 50); do # the program ends by itself when its terminal has gone
		rm -rf "$work" 2>/dev/null && return
		sleep 0.1
	done
}
trap finish EXIT

go build -o "$work/workbench" ./cmd/workbench
go build -o "$work/picture" ./cmd/picture
mkdir -p "$folder"

# The settings come from a file, since no server runs yet that could be told.
cat >"$work/conf" <<'EOF'
set -g default-terminal tmux-256color
set -ga terminal-overrides ",*:Tc"
set -g status off
EOF
tmux -f "$work/conf" -S "$work/tmux" new-session -d -x 120 -y 34 \
	"cd $work && env COLORTERM=truecolor COLORFGBG='15;0' TMPDIR=$work XDG_STATE_HOME=$work XDG_CONFIG_HOME=$work LC_ALL=C.UTF-8 $work/workbench"

# seen PATTERN waits until the screen shows it.
seen() {
	for _ in $(seq 200); do
		if terminal capture-pane -p | grep -qE -- "$1"; then return; fi
		sleep 0.1
	done
	echo "pictures: the screen does not show $1:" >&2
	terminal capture-pane -p >&2
	exit 1
}

# picture NAME PATTERN KEYS... presses keys and draws the screen that follows.
picture() {
	local name=$1 pattern=$2
	shift 2
	[ $# = 0 ] || terminal send-keys "$@"
	seen "$pattern"
	terminal capture-pane -e -p | "$work/picture" -o "$folder/$name.svg"
	echo "$folder/$name.svg"
}

keys() { terminal send-keys "$@"; }

# gone PATTERN waits until the screen shows it no more.
gone() {
	for _ in $(seq 200); do
		if ! terminal capture-pane -p | grep -qE -- "$1"; then return; fi
		sleep 0.1
	done
	echo "pictures: the screen still shows $1" >&2
	exit 1
}

seen '✗ [4-9] failed'
keys W
seen 'record into'
keys -l tour.wbrec
keys Enter
seen '● rec'
seen '✗ [6-9] failed|✗ [1-9][0-9] failed'
picture screen 'FLUSH|EXTENTS'
keys H

keys /
seen 'esc leave'
keys -l 'op:write err'
keys Enter
gone 'esc leave'
keys Enter
seen 'request, 28 bytes'
keys z
picture request 'request, 28 bytes'
keys Escape
seen '1·requests'
keys /
seen 'esc leave'
keys C-u Enter
gone 'filter:'

picture script '\[3·script\]' 3
picture callbacks '\[2·callbacks\]' 2
picture connections '\[4·connections\]' 4
picture output '\[7·output\]' 7
picture map '\[8·map\]' 8
picture ladder '\[9·ladder\]' 9

keys i
seen 'esc leave'
keys -l 'op:write p=0.2 => fail ENOSPC'
picture rule 'enter adds|✗'
keys C-u
keys -l 'op:write => fail ENOSPC p=0.2'
keys Enter
gone 'esc leave'
seen 'fail'
picture rules '\[6·rules\]' 6

keys p
seen '‖ 2 held'
picture held '\[5·held\]' 5
keys p
gone 'holding'
keys A
gone 'held request'

keys W
seen '✓ recorded'
picture recordings 'tour.wbrec' 0
keys Escape
keys :
seen 'esc leave'
keys -l rul
picture palette 'rule'
keys Escape
seen 'help'

#!/usr/bin/env bash
# Makes the pictures of the documents: runs the real program on its tour in a
# terminal of its own, goes to each panel, and draws what is seen.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=docs/pictures
work=$(mktemp -d)
terminal() { tmux -f /dev/null -S "$work/tmux" "$@"; }
finish() { terminal kill-server 2>/dev/null || true; rm -rf "$work"; }
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
tmux -f "$work/conf" -S "$work/tmux" new-session -d -x 120 -y 36 \
	"env COLORTERM=truecolor COLORFGBG='15;0' TMPDIR=$work XDG_STATE_HOME=$work XDG_CONFIG_HOME=$work LC_ALL=C.UTF-8 $work/workbench"

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

seen 'FLUSH'
picture requests '1·requests'
picture callbacks 'pread' z 2
terminal send-keys q

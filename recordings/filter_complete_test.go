package recordings

import (
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	for _, tc := range []struct{ before, want string }{ // the candidates, after what stays of the text
		{"fu", "fua fuse"},
		{"FU", "fua fuse"},
		{"op:read f", "op:read flag: op:read fate: op:read flush op:read fua op:read fast_zero op:read fuse"},
		{"le", "len:"},
		{"len", "len: len!= len< len<= len> len>="},
		{"err", "err err: err!="},
		{"data", "data: data="},
		{"offs", "off:"}, // as they call it who do not know
		{"latency", "dur:"},
		{"xyz", ""},
		{"!(op:wr", "!(op:write"},
		{"op:", "op:read op:write op:flush op:trim op:zero op:cache op:extents"},
		{"op: ", "op: read op: write op: flush op: trim op: zero op: cache op: extents"},
		{"op:read,", "op:read,write op:read,flush op:read,trim op:read,zero op:read,cache op:read,extents"},
		{"op:READ, write , z", "op:READ, write , zero"},
		{"op!=e", "op!=extents"},
		{"err:enos", "err:ENOSPC err:ENOSYS"},
		{"wire:e", "wire:EPERM wire:EIO wire:ENOMEM wire:EINVAL wire:ENOSPC wire:EOVERFLOW wire:ENOTSUP wire:ESHUTDOWN"},
		{"cb:can_f", "cb:can_fast_zero cb:can_fua cb:can_flush"},
		{"len>=", "len>=512 len>=4k len>=64k len>=1M"},
		{"len>=6", "len>=64k len>=6k len>=6M len>=6G len>=6T len>=6P len>=6E"},
		{"off:1M..2", "off:1M..2M off:1M..2k off:1M..2M off:1M..2G off:1M..2T off:1M..2P off:1M..2E"},
		{"dur>5", "dur>5ns dur>5us dur>5ms dur>5s dur>5m dur>5h"},
		{"dur>5ms", ""},
		{"conn:n", "conn:nbd#"},
		{"since:30", "since:30ns since:30us since:30ms since:30s since:30m since:30h"},
		{`"`, ""},
		{`fua "disk fu`, ""},
		{`"disk full" rea`, `"disk full" read`},
		{`text:"disk`, ""},
		{"foo:", ""},
		{"foo:bar rea", "foo:bar read"},
		{"len>=! | trim", "len>=! | trim"},
	} {
		from, candidates := Complete(tc.before+" after", len(tc.before))
		var got []string
		for _, c := range candidates {
			got = append(got, tc.before[:from]+c.Text)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%q:\ngot  %s\nwant %s", tc.before, strings.Join(got, " "), tc.want)
		}
	}
	if _, all := Complete("", 0); len(all) < len(fields)+20 {
		t.Errorf("%d candidates for nothing typed", len(all))
	}
}

// TestCompleteFromNothing builds filters out of candidates alone: each way ends
// in one that is right.
func TestCompleteFromNothing(t *testing.T) {
	_, starts := Complete("", 0)
	tried := 0
	for _, start := range starts {
		if _, err := ParseFilter(start.Text); err == nil {
			tried++
			continue
		}
		_, values := Complete(start.Text, len(start.Text))
		for _, v := range values {
			tried++
			text := start.Text + v.Text
			if strings.HasSuffix(text, "#") {
				text += "1"
			}
			if f, err := ParseFilter(text); err != nil {
				t.Errorf("%s: %v", text, err)
			} else if strings.Contains(v.Help, "\n") {
				t.Errorf("%s: the help has several lines", f)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d filters", tried)
	}
}

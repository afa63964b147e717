package nbd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workbench/plugins"
)

// A row is a row of the table of what servers answer: nbdkit 1.32, qemu-nbd 7.2
// and nbd-server 3.24, as they were measured, and we. Where we differ from all
// three, why says why.
type row struct {
	name               string
	nbdkit, qemu, nbds string // "-" = it does not have that
	ours               string
	cases              []string // of requestCases, with the answers that ours names, in its order
	tests              []string // other tests that cover the row; "Name: text" names a case by a text in their source
	why                string
}

// checkRows holds that each row is covered, and gives a reason where one is due.
func checkRows(t *testing.T, rows []row) {
	t.Helper()
	var source strings.Builder
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f == "table_test.go" {
			continue // it has all the names
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	cases := requestCases()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if like := r.ours == r.nbdkit || r.ours == r.qemu || r.ours == r.nbds; like == (r.why != "") {
				t.Errorf("like another server: %t; the reason for being different: %q", like, r.why)
			}
			if len(r.cases)+len(r.tests) == 0 {
				t.Error("nothing covers it")
			}
			want := strings.Split(r.ours, " / ")
			for i, name := range r.cases {
				n := slices.IndexFunc(cases, func(c requestCase) bool { return c.name == name })
				if n < 0 {
					t.Errorf("no case %q", name)
					continue
				}
				got := "ok"
				if cases[n].want != 0 {
					got = plugins.ErrnoName(cases[n].want)
				}
				if answer := want[min(i, len(want)-1)]; answer != got {
					t.Errorf("%s is answered by %s: the row says %s", name, got, answer)
				}
			}
			for _, test := range r.tests {
				name, text, _ := strings.Cut(test, ": ")
				if !strings.Contains(source.String(), "func "+name+"(") || !strings.Contains(source.String(), text) {
					t.Errorf("no test %q", test)
				}
			}
		})
	}
}

// TestRequestRows has the rows on requests.
func TestRequestRows(t *testing.T) {
	checkRows(t, []row{
		{name: "READ, simple and structured", nbdkit: "one OFFSET_DATA", qemu: "OFFSET_HOLE for holes", nbds: "simple only",
			ours: "OFFSET_HOLE for holes", tests: []string{"TestHolesRaw", "TestReadOther"}},
		{name: "with structured replies an error of a READ is structured, too", nbdkit: "yes", qemu: "yes", nbds: "-",
			ours: "yes", tests: []string{"TestRequests: wantChunk"}},
		{name: "read past the end", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", cases: []string{"read past the end"}},
		{name: "offset near 2^64", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", cases: []string{"read near 2^64"}},
		{name: "read of no bytes", nbdkit: "EINVAL", qemu: "ok", nbds: "ok", ours: "EINVAL", cases: []string{"read no bytes"}},
		{name: "read 32 MiB", nbdkit: "ok", qemu: "ok", nbds: "ok", ours: "ok", cases: []string{"read 32 MiB"}},
		{name: "read 64 MiB", nbdkit: "ok", qemu: "EINVAL", nbds: "ok", ours: "ok", cases: []string{"read 64 MiB"}},
		{name: "read 64 MiB + 1", nbdkit: "ENOMEM", qemu: "EINVAL", nbds: "ok", ours: "ENOMEM", cases: []string{"read 64 MiB + 1"}},
		{name: "write past the end", nbdkit: "ENOSPC", qemu: "EINVAL", nbds: "ENOSPC", ours: "ENOSPC", cases: []string{"write past the end"}},
		{name: "write of no bytes", nbdkit: "ENOSPC", qemu: "ok", nbds: "ok", ours: "ENOSPC", cases: []string{"write no bytes"}},
		{name: "write 33 MiB, 65 MiB", nbdkit: "ok / ENOMEM", qemu: "hangs up / hangs up", nbds: "ok / ok", ours: "ok / ENOMEM", cases: []string{"write 33 MiB", "write 65 MiB"}},
		{name: "write of more than 128 MiB", nbdkit: "hangs up", qemu: "hangs up", nbds: "not measured", ours: "hangs up", tests: []string{"TestTransmissionDrops: write of more than 128 MiB"}},
		{name: "trim, zero, cache past the end", nbdkit: "EINVAL / ENOSPC / EINVAL", qemu: "EINVAL / EINVAL / EINVAL", nbds: "EINVAL / ENOSPC / EINVAL",
			ours: "EINVAL / ENOSPC / EINVAL", cases: []string{"trim past the end", "zero past the end", "cache past the end"}},
		{name: "trim, zero, cache of no bytes", nbdkit: "EINVAL / ENOSPC / EINVAL", qemu: "ok / ok / ok", nbds: "ok / ok / EINVAL",
			ours: "EINVAL / ENOSPC / EINVAL", cases: []string{"trim no bytes", "zero no bytes", "cache no bytes"}},
		{name: "zero or trim of the whole disk", nbdkit: "ok", qemu: "ok", nbds: "ok", ours: "ok", cases: []string{"zero the disk", "trim the disk"}, tests: []string{"TestExtendedRequests: zero the disk"}},
		{name: "FAST_ZERO that is not offered", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", cases: []string{"fast zero of a disk that cannot"}},
		{name: "FAST_ZERO that would be slow", nbdkit: "ENOTSUP", qemu: "ENOTSUP", nbds: "EINVAL", ours: "ENOTSUP", tests: []string{"TestFlagsAndErrors: plugins.FlagFastZero, syscall.ENOTSUP, syscall.ENOTSUP"}},
		{name: "FLUSH with an offset or a length", nbdkit: "EINVAL", qemu: "ok", nbds: "ok", ours: "EINVAL", cases: []string{"flush with an offset", "flush with a length"}},
		{name: "FUA on any command if SEND_FUA", nbdkit: "ok", qemu: "ok", nbds: "ok", ours: "ok",
			cases: []string{"FUA on a read", "FUA on a write", "FUA on a flush", "FUA on a trim", "FUA on a zero", "FUA on a cache"}, tests: []string{"TestBlockStatusFUA"}},
		{name: "NO_HOLE on READ", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "ok", ours: "EINVAL", cases: []string{"NO_HOLE on a read"}},
		{name: "REQ_ONE or an unknown flag on READ", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", cases: []string{"REQ_ONE on a read", "unknown flag on a read"}},
		{name: "DF without structured replies", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", tests: []string{"TestUnstructured: cmdFlagDF"}},
		{name: "an unknown flag on WRITE", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", cases: []string{"write with an unknown flag"}},
		{name: "unknown command, RESIZE", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", cases: []string{"unknown command", "RESIZE"}},
		{name: "BLOCK_STATUS without a context", nbdkit: "EINVAL", qemu: "EINVAL", nbds: "EINVAL", ours: "EINVAL", tests: []string{"TestMetaContextLife: not chosen", "TestUnstructured: BLOCK_STATUS"}},
		{name: "BLOCK_STATUS with REQ_ONE", nbdkit: "one descriptor, not longer than the request", qemu: "one descriptor, not longer than the request", nbds: "-",
			ours: "one descriptor, not longer than the request", tests: []string{"TestBlockStatus: REQ_ONE is cut at both ends", "TestExtendedBlockStatus"}},
		{name: "BLOCK_STATUS past the end, of no bytes", nbdkit: "EINVAL / EINVAL", qemu: "EINVAL / EINVAL", nbds: "-", ours: "EINVAL / EINVAL", cases: []string{"block status past the end", "block status of no bytes"}},
		{name: "write, trim, zero on a read-only disk", nbdkit: "EPERM", qemu: "EINVAL", nbds: "EPERM", ours: "EPERM",
			cases: []string{"write to a read-only disk", "trim a read-only disk", "zero a read-only disk"}},
		{name: "wrong request magic", nbdkit: "hangs up", qemu: "EINVAL, then hangs up", nbds: "hangs up", ours: "hangs up", tests: []string{"TestTransmissionDrops: wrong magic"}},
		{name: "DISC", nbdkit: "finishes what is in flight; its offset and length do not matter", qemu: "finishes what is in flight; its offset and length do not matter",
			nbds: "finishes what is in flight; its offset and length do not matter", ours: "finishes what is in flight; its offset and length do not matter", tests: []string{"TestDisc"}},
		{name: "text in a structured error", nbdkit: "no", qemu: "yes", nbds: "on a READ that failed", ours: "yes", tests: []string{"TestFlagsAndErrors: the client got the text"}},
		{name: "offset in a structured error", nbdkit: "no", qemu: "no", nbds: "no", ours: "if it is known", tests: []string{"TestErrorOffset", "TestExtendedRequests: chunkErrorOffset"},
			why: "the specification prefers it where it is known, clients accept it, and it tells how far a long request got"},
	})
}

// TestHandshakeRows has the rows on the handshake.
func TestHandshakeRows(t *testing.T) {
	checkRows(t, []row{
		{name: "server flags", nbdkit: "0x3", qemu: "0x3", nbds: "0x3", ours: "0x3", tests: []string{"TestGreeting"}},
		{name: "unknown client flag", nbdkit: "hangs up", qemu: "hangs up", nbds: "accepts", ours: "hangs up", tests: []string{"TestHandshakeDrops: unknown client flag"}},
		{name: "option of a client without fixed newstyle", nbdkit: "ERR_INVALID", qemu: "hangs up", nbds: "serves it", ours: "ERR_INVALID", tests: []string{"TestNotFixedNewstyle"}},
		{name: "wrong option magic", nbdkit: "hangs up", qemu: "hangs up", nbds: "hangs up", ours: "hangs up", tests: []string{"TestHandshakeDrops: wrong option magic"}},
		{name: "option of 200 MB", nbdkit: "hangs up", qemu: "hangs up", nbds: "reads on", ours: "hangs up", tests: []string{"TestHandshakeDrops: option of 200 MB"}},
		{name: "unknown option", nbdkit: "ERR_UNSUP", qemu: "ERR_UNSUP", nbds: "ERR_UNSUP", ours: "ERR_UNSUP", tests: []string{"TestOptionErrors: unknown option with 1000 bytes"}},
		{name: "PEEK_EXPORT", nbdkit: "ERR_UNSUP", qemu: "ERR_UNSUP", nbds: "ERR_UNSUP", ours: "ERR_UNSUP", tests: []string{"TestOptionErrors: PEEK_EXPORT"}},
		{name: "more than 32 options", nbdkit: "hangs up", qemu: "not measured", nbds: "not measured", ours: "hangs up", tests: []string{"TestHandshakeDrops: 33 options"}},
		{name: "EXPORT_NAME", nbdkit: "10 bytes, and 124 unless NO_ZEROES", qemu: "10 bytes, and 124 unless NO_ZEROES", nbds: "10 bytes, and 124 unless NO_ZEROES",
			ours: "10 bytes, and 124 unless NO_ZEROES", tests: []string{"TestExportName"}},
		{name: "EXPORT_NAME, unknown or too long", nbdkit: "hangs up", qemu: "hangs up", nbds: "hangs up", ours: "hangs up",
			tests: []string{"TestHandshakeDrops: EXPORT_NAME that the disk refuses", "TestHandshakeDrops: EXPORT_NAME of 4097 bytes"}},
		{name: "ABORT, with data or without", nbdkit: "ACK", qemu: "ACK", nbds: "hangs up", ours: "ACK", tests: []string{"TestHandshakeDrops: ABORT with data"}},
		{name: "LIST with data", nbdkit: "ERR_INVALID", qemu: "ERR_INVALID", nbds: "ERR_INVALID", ours: "ERR_INVALID", tests: []string{"TestOptionErrors: LIST with data"}},
		{name: "LIST twice", nbdkit: "ERR_INVALID", qemu: "again", nbds: "again", ours: "again", tests: []string{"TestList: twice"}},
		{name: "INFO and GO of an unknown export", nbdkit: "as the plugin decides", qemu: "ERR_UNKNOWN", nbds: "ERR_UNKNOWN", ours: "as the plugin decides", tests: []string{"TestInfo: unknown export"}},
		{name: "INFO and GO, malformed", nbdkit: "ERR_INVALID", qemu: "ERR_INVALID", nbds: "out of step", ours: "ERR_INVALID",
			tests: []string{"TestOptionErrors: GO of 5 bytes", "TestOptionErrors: GO with half an information", "TestOptionErrors: GO with a name longer than the option", "TestOptionErrors: GO with more informations than said"}},
		{name: "a name of 4096 bytes, of 4097", nbdkit: "ok / ERR_INVALID", qemu: "ok / ERR_INVALID", nbds: "out of step", ours: "ok / ERR_INVALID",
			tests: []string{"TestOptionErrors: GO with a name of 4096 bytes", "TestOptionErrors: GO with a name of 4097 bytes"}},
		{name: "a zero byte in the name", nbdkit: "ERR_INVALID", qemu: "ERR_INVALID", nbds: "ERR_UNKNOWN", ours: "ERR_INVALID", tests: []string{"TestOptionErrors: GO with a zero byte in the name"}},
		{name: "a name that is not UTF-8", nbdkit: "accepts", qemu: "looks it up", nbds: "looks it up", ours: "accepts", tests: []string{"TestOptionErrors: INFO with a name that is not UTF-8"}},
		{name: "INFO_EXPORT unasked", nbdkit: "yes", qemu: "yes", nbds: "yes", ours: "yes", tests: []string{"TestInfo: INFO_EXPORT comes unasked"}},
		{name: "INFO_NAME", nbdkit: "if asked, with the default export's", qemu: "if asked", nbds: "never", ours: "if asked, with the default export's", tests: []string{"TestInfoName"}},
		{name: "INFO_DESCRIPTION", nbdkit: "if there is one", qemu: "if there is one", nbds: "never", ours: "if there is one", tests: []string{"TestInfo: nothing to say"}},
		{name: "INFO_BLOCK_SIZE", nbdkit: "if there is one", qemu: "always", nbds: "never", ours: "if there is one", tests: []string{"TestInfo: all that there is"}},
		{name: "unknown and repeated informations", nbdkit: "ignored", qemu: "ignored", nbds: "ignored", ours: "ignored", tests: []string{"TestInfo: duplicates and unknown ones"}},
		{name: "INFO, then GO", nbdkit: "the same", qemu: "the same", nbds: "the same", ours: "the same", tests: []string{"TestInfo: with the same answer"}},
		{name: "STRUCTURED_REPLY with data", nbdkit: "ERR_INVALID", qemu: "ERR_INVALID", nbds: "ERR_UNSUP", ours: "ERR_INVALID", tests: []string{"TestOptionErrors: STRUCTURED_REPLY with data"}},
		{name: "STRUCTURED_REPLY twice", nbdkit: "ACK", qemu: "ERR_INVALID", nbds: "-", ours: "ERR_INVALID", tests: []string{"TestStructuredReplyTwice"}},
		{name: "STARTTLS without TLS, with data", nbdkit: "ERR_POLICY / ERR_INVALID", qemu: "ERR_POLICY / ERR_INVALID", nbds: "ERR_POLICY / not measured",
			ours: "ERR_POLICY / ERR_INVALID", tests: []string{"TestOptionErrors: STARTTLS", "TestClientTLSRefused: ERR_POLICY", "TestStartTLSOptions: with data"}},
		{name: "what was agreed on before STARTTLS", nbdkit: "forgotten", qemu: "not measured", nbds: "not measured", ours: "forgotten", tests: []string{"TestStartTLSForgets"}},
		{name: "before TLS where it is required: anything but STARTTLS and ABORT", nbdkit: "ERR_TLS_REQD", qemu: "not measured", nbds: "ERR_TLS_REQD",
			ours: "ERR_TLS_REQD", tests: []string{"TestTLSRequired: optListMeta", "TestClearRefused"}},
		{name: "before TLS where it is required: ABORT", nbdkit: "ACK", qemu: "not measured", nbds: "not measured", ours: "ACK", tests: []string{"TestTLSRequired: ABORT"}},
		{name: "before TLS where it is required: EXPORT_NAME", nbdkit: "hangs up", qemu: "not measured", nbds: "hangs up", ours: "hangs up", tests: []string{"TestTLSRequired: EXPORT_NAME"}},
		{name: "EXTENDED_HEADERS", nbdkit: "ERR_UNSUP", qemu: "ERR_UNSUP", nbds: "ERR_UNSUP", ours: "ACK", tests: []string{"TestExtendedNegotiation"},
			why: "these versions do not have the extension yet, qemu since 8.2 has"},
		{name: "LIST_META_CONTEXT before STRUCTURED_REPLY", nbdkit: "ACK", qemu: "ACK", nbds: "ERR_UNSUP", ours: "ACK", tests: []string{"TestOptionErrors: LIST_META_CONTEXT before STRUCTURED_REPLY"}},
		{name: "SET_META_CONTEXT before STRUCTURED_REPLY", nbdkit: "ERR_INVALID", qemu: "ERR_INVALID", nbds: "ERR_UNSUP", ours: "ERR_INVALID", tests: []string{"TestOptionErrors: SET_META_CONTEXT before STRUCTURED_REPLY"}},
		{name: "LIST_META_CONTEXT of nothing, base:, base:allocation", nbdkit: "the context", qemu: "the context", nbds: "-", ours: "the context",
			tests: []string{"TestMetaContext: list without a query", "TestMetaContext: list base:"}},
		{name: "an unknown namespace or leaf, no colon", nbdkit: "ignored", qemu: "ignored", nbds: "-", ours: "ignored",
			tests: []string{"TestMetaContext: list an unknown namespace", "TestMetaContext: list an unknown leaf", "TestMetaContext: list without a colon"}},
		{name: "SET_META_CONTEXT of base:, of nothing", nbdkit: "ignored / clears", qemu: "ignored / clears", nbds: "-", ours: "ignored / clears", tests: []string{"TestMetaContext: set base:", "TestMetaContextLife: cleared"}},
		{name: "a query twice", nbdkit: "twice", qemu: "once", nbds: "-", ours: "once", tests: []string{"TestMetaContext: set it twice"}},
		{name: "a query of more than 4096 bytes", nbdkit: "ERR_INVALID", qemu: "ignored", nbds: "-", ours: "ERR_INVALID", tests: []string{"TestOptionErrors: LIST_META_CONTEXT with a query of 4097 bytes"}},
		{name: "SET_META_CONTEXT of an unknown export", nbdkit: "ACK", qemu: "ERR_UNKNOWN", nbds: "-", ours: "ACK", tests: []string{"TestMetaContextUnknownExport"}},
		{name: "SET_META_CONTEXT, truncated", nbdkit: "ERR_INVALID", qemu: "ERR_INVALID", nbds: "-", ours: "ERR_INVALID", tests: []string{"TestMetaContextLife: cleared by an error"}},
		{name: "a context of another export than GO's", nbdkit: "EINVAL later", qemu: "EINVAL later", nbds: "-", ours: "EINVAL later", tests: []string{"TestMetaContextLife: chosen for another export"}},
		{name: "a context that was chosen before STARTTLS", nbdkit: "EINVAL later", qemu: "EINVAL later", nbds: "-", ours: "EINVAL later", tests: []string{"TestStartTLSForgets: BLOCK_STATUS without a context"}},
	})
}

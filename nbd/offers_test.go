package nbd

import (
	"slices"
	"testing"

	"workbench/plugins"
)

// TestOffers: each flag that a server may set has words for both cases.
func TestOffers(t *testing.T) {
	var all TransmissionFlags
	for _, o := range offers {
		all |= o.flag
		if o.set == "" || o.missing == "" || o.set == o.missing {
			t.Errorf("%s: %q, %q", o.flag, o.set, o.missing)
		}
	}
	if known := TransmissionFlags(1)<<len(transmissionFlagNames) - 1; all != known&^(HasFlags|SendResize) {
		t.Errorf("without words: %s", known&^(HasFlags|SendResize|all))
	}
	for _, o := range (HasFlags | SendFUA).Offers() {
		if o.Set != (o.Flag == SendFUA) || o.Meaning == "" {
			t.Errorf("%+v", o)
		}
	}
}

// TestAgreed: what a trace is told of options says what was agreed on.
func TestAgreed(t *testing.T) {
	m := newMemory(4096)
	m.sizes = plugins.BlockSizes{Minimum: 1, Preferred: 512, Maximum: 4096}
	var agreed []Agreed
	now := Agreed{}
	s := &Server{Backend: m, Trace: Trace{Option: func(_ uint32, text string, err error) {
		if err == nil {
			now = now.With(text)
			agreed = append(agreed, now)
		}
	}}}
	p, end := connect(t, s)
	p.greet(bothFlags)
	p.wantOption(repErrUnsup, 12, nil)
	p.wantOption(repAck, optStructuredReply, nil)
	p.wantOption(repAck, optSetMeta, metaData(`a", HAS_FLAGS; block sizes `, "x:y"))
	p.wantOption(repAck, optSetMeta, metaData("a", baseAllocation))
	p.wantOption(repAck, optGo, infoData("a", infoBlockSize))
	p.request(requestHeader{command: cmdDisc}, nil)
	if err := end.result(t); err != nil {
		t.Error(err)
	}
	const flags = HasFlags | SendFlush | SendFUA | SendTrim | SendWriteZeroes | SendDF | CanMultiConn | SendCache | SendFastZero
	want := []Agreed{
		{Structured: true}, {Structured: true}, {Structured: true, Context: baseAllocation},
		{Structured: true, Context: baseAllocation, Opened: "GO", Flags: flags, BlockSizes: "1, 512, 4096"},
	}
	if !slices.Equal(agreed, want) {
		t.Errorf("agreed on\n%+v, want\n%+v", agreed, want)
	}
	for text, want := range map[string]Agreed{
		"STARTTLS: TLS 1.3": {TLS: "TLS 1.3"},
		"EXTENDED_HEADERS":  {Structured: true, Extended: true, Context: baseAllocation},
		`EXPORT_NAME "SEND_FUA; x": 1 bytes, HAS_FLAGS, READ_ONLY`: {Context: baseAllocation, Opened: "EXPORT_NAME", Flags: HasFlags | ReadOnly},
		"ABORT": {Context: baseAllocation},
		"":      {Context: baseAllocation},
		`GO "x`: {Context: baseAllocation, Opened: "GO"},
	} {
		if got := (Agreed{Context: baseAllocation}).With(text); got != want {
			t.Errorf("after %s: %+v, want %+v", text, got, want)
		}
	}
}

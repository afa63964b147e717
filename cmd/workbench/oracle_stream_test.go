package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"workbench/nbd"
	"workbench/plugins"
)

// streamSeed is what the random requests come from, unless ORACLE_SEED says otherwise.
const streamSeed = 1

func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("ORACLE_SEED")
	if text == "" {
		return streamSeed
	}
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		t.Fatalf("ORACLE_SEED: %v", err)
	}
	return n
}

// A stream makes random requests for a disk, most of them legal.
type stream struct {
	*rand.Rand
	size  uint64
	flags nbd.TransmissionFlags
}

const (
	journalSize  = 4096     // a read of so much at 0 takes the journal of a script
	usualLongest = 1 << 20  // most requests are shorter
	maxPayload   = 64 << 20 // what nbdkit takes at once
	largest      = ^uint32(0)
)

// weights says how often a command comes, in percent.
var weights = [wireCommands]int{wireRead: 32, wireWrite: 27, wireFlush: 6, wireTrim: 10, wireZeroes: 12, wireCache: 5, wireStatus: 8}

// flagsFor says which flags a command may have; FUA goes with all of them.
var flagsFor = [wireCommands]uint16{wireRead: wireDF, wireZeroes: wireNoHole | wireFastZero, wireStatus: wireReqOne}

func (s *stream) next() wireRequest {
	r := wireRequest{command: s.command(), fill: s.Uint64()}
	if s.IntN(5) == 0 {
		r.flags = wireFUA
	}
	bits := s.Uint32()
	r.flags |= uint16(bits) & uint16(bits>>16) & flagsFor[r.command] // each one in four
	switch n := s.IntN(100); {
	case r.command == wireFlush:
	case r.command == wireRead && n < 25:
		r.length, r.flags = journalSize, 0
	default:
		r.length = s.length(r.command)
		r.offset = s.offset(uint64(r.length))
	}
	for s.IntN(12) == 0 { // sometimes in two ways, which tells what is looked at first
		for range 1 + s.IntN(2) {
			s.spoil(&r)
		}
	}
	if r.command == wireZeroes && s.flags&nbd.SendFastZero == 0 {
		r.flags &^= wireFastZero // nbdkit 1.32 ends with a failed assertion
	}
	return r
}

func (s *stream) command() wireCommand {
	n := s.IntN(100)
	for c, weight := range weights {
		if n -= weight; n < 0 {
			return wireCommand(c)
		}
	}
	return wireRead
}

// length returns one of any magnitude, often a round one.
func (s *stream) length(c wireCommand) uint32 {
	most := min(s.size, usualLongest)
	if s.IntN(200) == 0 || c != wireRead && c != wireWrite && s.IntN(10) == 0 {
		most = min(s.size, maxPayload)
	}
	bits := 1
	for 1<<bits <= most {
		bits++
	}
	n := max(s.Uint64()>>(64-1-s.IntN(bits)), 1)
	if s.IntN(2) == 0 {
		n = (n + 511) &^ 511
	}
	return uint32(min(n, most))
}

func (s *stream) offset(length uint64) uint64 {
	most := s.size - min(length, s.size)
	switch s.IntN(8) {
	case 0:
		return 0
	case 1:
		return most
	}
	n := s.Uint64N(most + 1)
	if s.IntN(2) == 0 {
		n &^= 511
	}
	return n
}

// spoil makes a request one that should be refused, or that nobody sends.
func (s *stream) spoil(r *wireRequest) {
	switch s.IntN(10) {
	case 0:
		r.length = 0
	case 1:
		r.offset = s.size - uint64(r.length) + 1 + s.Uint64N(4096)
	case 2:
		r.offset = s.size + s.Uint64N(1<<40)
	case 3:
		r.offset = -s.Uint64N(1 << 20) // and the length goes round
	case 4:
		r.flags |= 1 << s.IntN(16)
	case 5:
		r.flags = uint16(s.Uint32())
	case 6:
		r.command = wireCommands + wireCommand(s.IntN(100))
	case 7:
		r.offset, r.length = s.Uint64(), uint32(s.Uint64N(1<<20)) // also for a flush
	case 8:
		if r.command != wireWrite {
			r.length = largest - s.Uint32N(1000)
		}
	case 9:
		if s.IntN(50) == 0 || r.command != wireWrite {
			r.offset, r.length = 0, maxPayload+s.Uint32N(1<<20)+1
		}
	}
}

// normal returns the answer with what a server may choose taken out: block
// status ends with the request, and neighbours that are alike are one.
func (a wireAnswer) normal(r wireRequest) wireAnswer {
	var status []wireRun
	left := uint64(r.length)
	for _, run := range a.status {
		run.length = min(run.length, left)
		left -= run.length
		if n := len(status); n > 0 && status[n-1].kind == run.kind {
			status[n-1].length += run.length
		} else if run.length > 0 {
			status = append(status, run)
		}
	}
	a.status, a.text = status, ""
	return a
}

// differ reports whether two answers to r do, to a client.
func differ(r wireRequest, a, b wireAnswer) bool {
	a, b = a.normal(r), b.normal(r)
	return a.errno != b.errno || a.hungUp != b.hungUp || fmt.Sprint(a.status) != fmt.Sprint(b.status) || !bytes.Equal(a.data, b.data)
}

// about describes a for a person, beside another answer that differs.
func (a wireAnswer) about(r wireRequest, other wireAnswer) string {
	switch {
	case a.hungUp:
		return "hung up"
	case a.errno != 0:
		return fmt.Sprintf("%s %q", plugins.ErrnoName(syscall.Errno(a.errno)), a.text)
	case r.command == wireStatus:
		return fmt.Sprintf("status %v", a.normal(r).status)
	case r.command == wireRead:
		at := 0
		for at < len(a.data) && at < len(other.data) && a.data[at] == other.data[at] {
			at++
		}
		from := max(0, at-30)
		return fmt.Sprintf("%d bytes, from byte %d on %q", len(a.data), from, a.data[from:min(from+100, len(a.data))])
	}
	return "ok"
}

// A match is several servers that should answer alike; the first is right.
type match struct {
	rivals     []*rival
	exemptions *exemptions
}

// run sends count random requests to all of them.
func (m *match) run(t *testing.T, structured bool, count int) {
	t.Helper()
	wires := make([]*wire, len(m.rivals))
	dial := func(i int) {
		w, err := dialWire(m.rivals[i].socket, "", structured)
		if err != nil {
			t.Fatalf("%s: %v\n%s", m.rivals[i].name, err, m.rivals[i].stderr.String())
		}
		if i > 0 {
			m.compareFacts(t, i, wires[0], w)
		}
		wires[i] = w
	}
	for i := range m.rivals {
		dial(i)
	}
	seed := seed(t)
	s := stream{rand.New(rand.NewPCG(seed, 0)), wires[0].size, wires[0].flags}
	t.Logf("%d requests from seed %d", count, seed)
	for n := range count {
		r := s.next()
		answers, err := askAll(wires, r)
		if err != nil {
			t.Fatalf("request %d of seed %d: %v", n, seed, err)
		}
		if i, ok := m.compare(t, r, answers, structured); !ok {
			t.Fatalf("request %d of seed %d: %s\n%s: %s\n%s: %s\nrepeat: ORACLE_SEED=%d go test ./cmd/workbench -run '^%s$'\n%s said %s\n%s said %s",
				n, seed, r, m.rivals[0].name, answers[0].about(r, answers[i]), m.rivals[i].name, answers[i].about(r, answers[0]), seed, t.Name(),
				m.rivals[0].name, quoted(m.rivals[0].stderr.String()), m.rivals[i].name, quoted(m.rivals[i].stderr.String()))
		}
		if answers[0].hungUp {
			for i := range m.rivals {
				wires[i].nc.Close()
				dial(i)
			}
		}
	}
	for i, w := range wires {
		if err := w.close(); err != nil {
			t.Errorf("%s: %v", m.rivals[i].name, err)
		}
	}
}

// askAll sends r to all and returns the answers.
func askAll(wires []*wire, r wireRequest) ([]wireAnswer, error) {
	answers := make([]wireAnswer, len(wires))
	for _, w := range wires {
		// A server that does not take the payload hangs up, which shows below.
		if err := w.send(r); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			return nil, err
		}
	}
	for i, w := range wires {
		var err error
		if answers[i], err = w.receive(r); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// compare returns the first that differs from number 0 without an excuse.
func (m *match) compare(t *testing.T, r wireRequest, answers []wireAnswer, structured bool) (i int, ok bool) {
	t.Helper()
	for i := 1; i < len(answers); i++ {
		d := difference{theirs: m.rivals[0], ours: m.rivals[i], request: &r, their: answers[0], our: answers[i]}
		if differ(r, answers[0], answers[i]) && !m.exemptions.excuse(d) {
			return i, false
		}
		if structured && answers[i].errno != 0 && answers[i].text == "" && m.rivals[i].ours && r.command == wireRead {
			t.Errorf("%s: %s failed without a text", m.rivals[i].name, r)
		}
	}
	return 0, true
}

func (m *match) compareFacts(t *testing.T, i int, theirs, ours *wire) {
	t.Helper()
	d := difference{theirs: m.rivals[0], ours: m.rivals[i], theirFlags: theirs.flags, ourFlags: ours.flags}
	if theirs.size != ours.size || theirs.flags != ours.flags && !m.exemptions.excuse(d) {
		t.Errorf("%s: %d bytes, %s\n%s: %d bytes, %s", m.rivals[0].name, theirs.size, theirs.flags, m.rivals[i].name, ours.size, ours.flags)
	}
}

// quoted shortens what a server printed.
func quoted(text string) string {
	const most = 2000
	if len(text) > most {
		text = "..." + text[len(text)-most:]
	}
	return strings.TrimRight(text, "\n")
}

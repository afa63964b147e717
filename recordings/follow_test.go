package recordings

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"workbench/plugins"
)

// fill appends events with payloads from several goroutines until all are in.
func fill(log *Log, workers, each int, payload []byte) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				e := request(uint64(w*each+i) * 512)
				e.Conn = uint32(w)
				log.Append(e, fmt.Sprint(w, i), payload)
			}
		})
	}
	wg.Wait()
}

// A log that is much too small for what comes waits for its recorder, loses
// nothing, and says that it waited.
func TestRecorderMissesNothing(t *testing.T) {
	log := NewLog(16 << 10)
	path := t.TempDir() + "/a.wbrec"
	r, err := Create(path, Header{Policy: PayloadFull}, RecorderOptions{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	payload := bytes.Repeat([]byte("0123456789abcdef"), 256)
	const workers, each = 8, 500
	fill(log, workers, each, payload)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	waits := r.Status().Waits
	if waits.Count == 0 || waits.Longest == 0 || waits.Total < waits.Longest {
		t.Errorf("waits %+v", waits)
	}
	f := open(t, path)
	requests, said := 0, 0
	next := make([]int, workers)
	for _, e := range readAll(f) {
		text, ok := f.Text(&e)
		if e.Kind == Output && strings.Contains(text, "wait for the recording") {
			said++
			continue
		}
		requests++
		if want := fmt.Sprint(e.Conn, next[e.Conn]); !ok || text != want {
			t.Fatalf("event %d: text %q %v, want %q", e.Seq, text, ok, want)
		}
		next[e.Conn]++
		if data, ok, err := f.Payload(&e); err != nil || !ok || !bytes.Equal(data, payload) {
			t.Fatalf("event %d: payload of %d bytes, %v %v", e.Seq, len(data), ok, err)
		}
	}
	if requests != workers*each || said == 0 {
		t.Errorf("%d requests, want %d; %d lines about waiting", requests, workers*each, said)
	}
	if size := r.Status().Bytes; size > workers*each*100 {
		t.Errorf("%d bytes: equal payloads were not written once", size)
	}
}

// A recorder that cannot write says so and lets the log go on.
func TestRecorderThatCannotWrite(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	log := NewLog(16 << 10)
	r, err := Create(fmt.Sprintf("/dev/fd/%d", out.Fd()), Header{Policy: PayloadHash}, RecorderOptions{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	fill(log, 4, 1000, []byte("data"))
	err = r.Close()
	if plugins.ErrnoOf(err) != syscall.EPIPE {
		t.Errorf("closed with %v", err)
	}
	found := false
	for _, e := range readAll(log) {
		text, _ := log.Text(&e)
		found = found || e.Kind == Output && e.Err() == syscall.EPIPE && strings.Contains(text, "recording has stopped")
	}
	if !found {
		// It may have been pushed out by what came after it.
		if _, next := log.Bounds(); next <= 4000 {
			t.Error("nobody said that the recording stopped")
		}
	}
	if err := r.Status().Err; err == nil {
		t.Error("the status has no error")
	}
}

// Only what matches is recorded, without gaps in the numbers.
func TestRecorderFilters(t *testing.T) {
	filter, err := ParseFilter("off>=1k")
	if err != nil {
		t.Fatal(err)
	}
	log := NewLog(1 << 16)
	path := t.TempDir() + "/a.wbrec"
	r, err := Create(path, Header{}, RecorderOptions{Log: log, Filter: filter})
	if err != nil {
		t.Fatal(err)
	}
	fill(log, 1, 10, nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	got := readAll(f)
	if len(got) != 8 || got[0].Offset != 1024 || got[7].Seq != 7 || f.Header().Filter != filter.String() {
		t.Errorf("%d events, filter %q: %+v", len(got), f.Header().Filter, got)
	}
	if got[0].Sum != 0 {
		t.Error("a sum under the policy none")
	}
}

func BenchmarkRecord(b *testing.B) {
	payload := make([]byte, 4096)
	for i := range payload {
		payload[i] = byte(i * i >> 3)
	}
	for _, policy := range []string{"unrecorded", "none", "hash", "full"} {
		b.Run(policy, func(b *testing.B) {
			log := NewLog(0)
			var r *Recorder
			if p, err := ParsePolicy(policy); err == nil {
				if r, err = Create(b.TempDir()+"/a.wbrec", Header{Policy: p}, RecorderOptions{Log: log}); err != nil {
					b.Fatal(err)
				}
			}
			e := request(0)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e.Offset = uint64(i*7919%65536) * 4096
				e.Received += 20000
				payload[0] = byte(i)
				log.Append(e, "", payload)
			}
			if r == nil {
				return
			}
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
			s := r.Status()
			b.ReportMetric(float64(s.Bytes)/float64(s.Events), "B/event")
			b.ReportMetric(float64(s.Waits.Count), "waits")
		})
	}
}

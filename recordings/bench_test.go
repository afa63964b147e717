package recordings

import (
	"testing"

	"workbench/plugins"
)

// BenchmarkEncode writes events as a recording has them, in blocks, with what
// compression costs.
func BenchmarkEncode(b *testing.B) {
	b.Run("event", func(b *testing.B) {
		var c eventCoder
		e := request(0)
		buf := make([]byte, 0, 1<<10)
		b.ReportAllocs()
		for b.Loop() {
			e.Offset, e.Received = e.Offset+7919*4096, e.Received+20000
			buf = c.append(buf[:0], &e, 0, nil, nil)
		}
	})
	b.Run("block", func(b *testing.B) {
		w, err := createFile("/dev/null")
		if err != nil {
			b.Fatal(err)
		}
		var c eventCoder
		var body []byte
		e := request(0)
		const events = 4096
		for i := range events {
			e.Offset, e.Received = uint64(i*7919%65536)*4096, e.Received+20000
			body = c.append(body, &e, 0, nil, nil)
		}
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if err := w.writeBlock(blockHead{kind: eventBlock, count: events}, body); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.close(); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkDecode reads an event of a recording.
func BenchmarkDecode(b *testing.B) {
	e := request(4096)
	var w eventCoder
	body := w.append(nil, &e, 0, nil, nil)
	b.ReportAllocs()
	for b.Loop() {
		var c eventCoder
		r := reader{b: body}
		if got, _ := c.decode(&r); r.err != nil || got.Offset != e.Offset {
			b.Fatal(got, r.err)
		}
	}
}

// BenchmarkLine writes an event as a line, as headless does for each request.
func BenchmarkLine(b *testing.B) {
	e := request(4096)
	e.Front, e.Conn = plugins.FrontNBD, 1
	var line []byte
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			line = AppendLine(line[:0], &e, "")
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if line, err = AppendJSON(line[:0], &e, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRead reads events out of the log, as each reader does.
func BenchmarkRead(b *testing.B) {
	l := NewLog(0)
	var events [256]Event
	for i := range events {
		l.Append(request(uint64(i)*4096), "", nil)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := l.Read(events[:], 0); n != len(events) {
			b.Fatal(n)
		}
	}
}

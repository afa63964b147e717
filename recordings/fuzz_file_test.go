package recordings

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// FuzzFile opens bytes as a recording and reads all of it. With repair, the sums
// are made right first, so that what stands behind them is reached.
func FuzzFile(f *testing.F) {
	path, _ := writeInBlocks(f, someFacts(20), 5)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, false)
	f.Add(whole, true)
	f.Add(whole[:len(whole)/2], false)
	f.Fuzz(func(t *testing.T, b []byte, repair bool) {
		if repair {
			b = repaired(b)
		}
		path := filepath.Join(t.TempDir(), "f.wbrec")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := OpenFile(path)
		if err != nil {
			return
		}
		defer file.Close()
		var seq uint64
		buf := make([]Event, 64)
		read := 0
		for from := uint64(0); ; from = seq + 1 {
			n := file.Read(buf, from)
			if n == 0 {
				break
			}
			if buf[0].Seq < from {
				t.Fatalf("event %d, asked from %d", buf[0].Seq, from)
			}
			for i := range buf[:n] {
				e := &buf[i]
				if i > 0 && e.Seq != seq+1 {
					t.Fatalf("event %d after %d in one read", e.Seq, seq)
				}
				seq = e.Seq
				file.Text(e)
				file.Data(e)
				if _, _, err := file.Payload(e); err != nil && err.Error() == "" {
					t.Error("an error without a text")
				}
			}
			if read += n; read > len(b)*maxBlockEvents {
				t.Fatal("events without end")
			}
		}
		file.Stats()
		file.Missing()
		file.At(1)
	})
}

// repaired returns b with sums that fit, as far as its blocks can be followed.
func repaired(b []byte) []byte {
	b = append([]byte(nil), b...)
	if len(b) < prologueSize {
		return b
	}
	le := binary.LittleEndian
	copy(b, fileMagic)
	for at := prologueSize; at+blockHeadSize <= len(b); {
		head := b[at : at+blockHeadSize]
		copy(head, b[len(fileMagic):prologueSize])
		end := at + blockHeadSize + int(le.Uint32(head[8:]))
		if end > len(b) {
			end = len(b)
			le.PutUint32(head[8:], uint32(end-at-blockHeadSize))
		}
		le.PutUint32(head[20:], castagnoli(b[at+blockHeadSize:end]))
		le.PutUint32(head[blockHeadSize-4:], castagnoli(head[:blockHeadSize-4]))
		at = end
	}
	return b
}

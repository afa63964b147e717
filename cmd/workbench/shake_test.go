package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workbench/nbd"
)

// shakeTime is how long a disk is shaken in each mode; the variable asks for longer.
func shakeTime(t *testing.T) time.Duration {
	text := os.Getenv("WORKBENCH_SHAKE")
	if text == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("WORKBENCH_SHAKE: %v", err)
	}
	return d
}

// TestShake has a child process do anything to one disk through the file and over
// NBD, and hold every byte that it reads against a model.
func TestShake(t *testing.T) {
	if !canMount() {
		t.Skip("this machine cannot mount")
	}
	took := shakeTime(t)
	for _, mode := range []string{"direct", "cache"} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			t.Cleanup(func() { detach(t, filepath.Join(dir, "disk")) })
			script := filepath.Join(dir, "ram.lua")
			if err := os.WriteFile(script, []byte(command(t, dir, "workbench", "examples", "ramdisk.lua")), 0o644); err != nil {
				t.Fatal(err)
			}
			args := []string{"mount", script, "disk", "size=1049088", "--payload", "none", "--record", filepath.Join(dir, "last.wbrec")}
			if mode == "cache" {
				args = append(args, "--cache")
			}
			p := startProgram(t, dir, args...)
			ctx, cancel := context.WithTimeout(t.Context(), took+patience)
			defer cancel()
			seed := time.Now().UnixNano()
			out, err := exec.CommandContext(ctx, "timeout", "-k", "5", fmt.Sprint(int((took + patience).Seconds())),
				"shake", filepath.Join(dir, "disk"), p.uri(), mode, fmt.Sprint(seed), took.String()).CombinedOutput()
			t.Logf("seed %d: %s", seed, out)
			if err != nil {
				t.Errorf("%v\n%s", err, p.stderr.String())
			}
			p.stop(t)
		})
	}
}

// shakeMain is the child process: PATH URI MODE SEED TIME.
func shakeMain() {
	s, err := newShaker(os.Args[1:])
	if err == nil {
		err = s.run()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// A shaker does one thing after another to a disk, and knows what it must hold.
type shaker struct {
	path   string
	cached bool // the file is, so that it may lag behind NBD
	random *rand.Rand
	took   time.Duration
	file   *os.File
	client *nbd.Client
	model  []byte
	last   time.Time // when NBD last changed the disk
	done   map[string]int
	log    []string
}

func newShaker(args []string) (*shaker, error) {
	seed, err := strconv.ParseUint(args[3], 10, 64)
	if err != nil {
		return nil, err
	}
	took, err := time.ParseDuration(args[4])
	if err != nil {
		return nil, err
	}
	s := &shaker{path: args[0], cached: args[2] == "cache", random: rand.New(rand.NewPCG(seed, 0)), took: took, done: map[string]int{}}
	if err := s.reopen(); err != nil {
		return nil, err
	}
	if s.client, err = nbd.Dial(context.Background(), args[1]); err != nil {
		return nil, err
	}
	s.model = make([]byte, s.client.Info().Size)
	return s, nil
}

// run shakes until the time is over, and looks at the whole disk at the end.
func (s *shaker) run() error {
	steps := []struct {
		name string
		do   func(offset, n int) error
	}{
		{"read", s.read}, {"read", s.read}, {"write", s.write}, {"write", s.write}, {"punch", s.punch}, {"zero", s.zero}, {"fsync", s.fsync},
		{"append", s.pastTheEnd}, {"copy", s.copy}, {"seek", s.seek}, {"mapped read", s.mapRead}, {"mapped write", s.mapWrite}, {"reopen", func(int, int) error { return s.reopen() }},
		{"NBD read", s.nbdRead}, {"NBD write", s.nbdWrite}, {"NBD write", s.nbdWrite}, {"NBD zero", s.nbdZero},
	}
	for end := time.Now().Add(s.took); time.Now().Before(end); {
		step := steps[s.random.IntN(len(steps))]
		offset, n := s.random.IntN(len(s.model)), 1+s.random.IntN(1<<uint(1+s.random.IntN(17)))
		if s.random.IntN(3) == 0 {
			offset, n = offset&^4095, (n+4095)&^4095
		}
		n = min(n, len(s.model)-offset)
		s.note("%s %#x %d", step.name, offset, n)
		if err := step.do(offset, n); err != nil {
			return fmt.Errorf("%w; the last steps:\n%s", err, bytes.Join(s.tail(), []byte("\n")))
		}
		s.done[step.name]++
	}
	if err := s.read(0, len(s.model)); err != nil {
		return err
	}
	fmt.Println(s.done)
	return s.nbdRead(0, len(s.model))
}

func (s *shaker) note(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *shaker) tail() (lines [][]byte) {
	for _, line := range s.log[max(0, len(s.log)-30):] {
		lines = append(lines, []byte(line))
	}
	return lines
}

// maxLag is how long what the kernel caches may lag behind NBD on a busy machine.
const maxLag = patience / 2

// same compares what get reads with the model. What the kernel caches may lag
// behind NBD for a moment.
func (s *shaker) same(offset, n int, lags bool, get func(p []byte) error) error {
	p := make([]byte, n)
	for {
		if err := get(p); err != nil {
			return err
		}
		want := s.model[offset : offset+n]
		if bytes.Equal(p, want) {
			return nil
		}
		if !lags || time.Since(s.last) > maxLag {
			at := 0
			for p[at] == want[at] {
				at++
			}
			return fmt.Errorf("byte %#x is %#x, want %#x", offset+at, p[at], want[at])
		}
	}
}

func (s *shaker) fresh(n int) []byte {
	p := make([]byte, n)
	b := byte(1 + s.random.IntN(255))
	for i := range p {
		p[i] = b + byte(i>>9)
	}
	return p
}

func (s *shaker) read(offset, n int) error {
	return s.same(offset, n, s.cached, func(p []byte) error {
		_, err := s.file.ReadAt(p, int64(offset))
		return err
	})
}

func (s *shaker) write(offset, n int) error {
	p := s.fresh(n)
	copy(s.model[offset:], p)
	_, err := s.file.WriteAt(p, int64(offset))
	return err
}

func (s *shaker) punch(offset, n int) error {
	clear(s.model[offset : offset+n])
	return unix.Fallocate(int(s.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(offset), int64(n))
}

func (s *shaker) zero(offset, n int) error {
	clear(s.model[offset : offset+n])
	return unix.Fallocate(int(s.file.Fd()), unix.FALLOC_FL_ZERO_RANGE, int64(offset), int64(n))
}

func (s *shaker) fsync(int, int) error { return s.file.Sync() }

// pastTheEnd writes what fits, and is told that there is no more room.
func (s *shaker) pastTheEnd(_, n int) error {
	n = min(n, len(s.model))
	p := s.fresh(n + 100)
	at := len(s.model) - n
	copy(s.model[at:], p)
	got, err := unix.Pwrite(int(s.file.Fd()), p, int64(at))
	if err != nil || got != n {
		return fmt.Errorf("wrote %d of %d that fit: %w", got, n, err)
	}
	if _, err := unix.Pwrite(int(s.file.Fd()), p[n:], int64(len(s.model))); err != unix.ENOSPC {
		return fmt.Errorf("wrote past the end: %w", err)
	}
	return nil
}

func (s *shaker) copy(offset, n int) error {
	to := s.random.IntN(len(s.model))
	if s.cached { // what is copied must not lag behind
		if err := s.read(offset, n); err != nil {
			return err
		}
	}
	for n > 0 {
		if offset < to+n && to < offset+n || to+n > len(s.model) {
			return nil // the kernel refuses what overlaps
		}
		from, at := int64(offset), int64(to)
		got, err := unix.CopyFileRange(int(s.file.Fd()), &from, int(s.file.Fd()), &at, n, 0)
		if err != nil || got == 0 {
			return fmt.Errorf("copied %d: %w", got, err)
		}
		copy(s.model[to:to+got], s.model[offset:offset+got])
		offset, to, n = offset+got, to+got, n-got
	}
	return nil
}

// seek goes through data and holes: what is a hole must be zeroes, soon.
func (s *shaker) seek(int, int) error {
	for {
		wrong, err := s.walk()
		if err != nil {
			return err
		}
		if wrong < 0 {
			return nil
		}
		if time.Since(s.last) > maxLag {
			return fmt.Errorf("byte %#x is in a hole, and is not zero", wrong)
		}
	}
}

// walk returns the first byte in a hole that is not zero, -1 if there is none.
func (s *shaker) walk() (wrong int64, err error) {
	for at := int64(0); ; {
		data, err := unix.Seek(int(s.file.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			data, err = int64(len(s.model)), nil
		}
		if err != nil {
			return 0, err
		}
		for i := at; i < data; i++ {
			if s.model[i] != 0 {
				return i, nil
			}
		}
		if data == int64(len(s.model)) {
			return -1, nil
		}
		if at, err = unix.Seek(int(s.file.Fd()), data, unix.SEEK_HOLE); err != nil {
			return 0, err
		}
	}
}

// withMap maps the pages of a range.
func (s *shaker) withMap(offset, n, prot int, use func(p []byte) error) error {
	from := offset &^ (os.Getpagesize() - 1)
	p, err := unix.Mmap(int(s.file.Fd()), int64(from), offset-from+n, prot, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	err = use(p[offset-from:])
	return errors.Join(err, unix.Munmap(p))
}

func (s *shaker) mapRead(offset, n int) error {
	return s.withMap(offset, n, unix.PROT_READ, func(m []byte) error {
		return s.same(offset, n, true, func(p []byte) error { copy(p, m); return nil })
	})
}

// mapWrite changes bytes in pages that are as the disk is.
func (s *shaker) mapWrite(offset, n int) error {
	first, last := offset&^4095, min((offset+n+4095)&^4095, len(s.model))
	if err := s.mapRead(first, last-first); err != nil {
		return err
	}
	return s.withMap(offset, n, unix.PROT_READ|unix.PROT_WRITE, func(m []byte) error {
		p := s.fresh(n)
		copy(m, p)
		copy(s.model[offset:], p)
		return s.file.Sync() // and so what is mapped
	})
}

func (s *shaker) reopen() error {
	if s.file != nil {
		if err := s.file.Close(); err != nil {
			return err
		}
	}
	var err error
	s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_TRUNC, 0)
	return err
}

func (s *shaker) nbdRead(offset, n int) error {
	return s.same(offset, n, false, func(p []byte) error { return s.client.Read(context.Background(), p, uint64(offset), 0) })
}

func (s *shaker) nbdWrite(offset, n int) error {
	p := s.fresh(n)
	copy(s.model[offset:], p)
	s.last = time.Now()
	defer func() { s.last = time.Now() }()
	return s.client.Write(context.Background(), p, uint64(offset), 0)
}

func (s *shaker) nbdZero(offset, n int) error {
	clear(s.model[offset : offset+n])
	s.last = time.Now()
	defer func() { s.last = time.Now() }()
	return s.client.Zero(context.Background(), uint64(offset), uint64(n), 0)
}

package fusemount

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"workbench/plugins"
)

// Flags of open(2), as the client takes them.
var (
	openRead  = fmt.Sprintf("open %d", os.O_RDONLY)
	openWrite = fmt.Sprintf("open %d", os.O_RDWR)
	openTrunc = fmt.Sprintf("open %d", os.O_RDWR|os.O_TRUNC)
	openDsync = fmt.Sprintf("open %d", os.O_RDWR|syscall.O_DSYNC)
	openSync  = fmt.Sprintf("open %d", os.O_RDWR|os.O_SYNC)
	openAppnd = fmt.Sprintf("open %d", os.O_RDWR|os.O_APPEND)
)

func TestIO(t *testing.T) {
	needFUSE(t)
	tests := map[string]struct {
		config fakeConfig
		steps  []step
		want   map[string]int // requests
	}{
		"read and write": {
			fakeConfig{Size: 10000},
			[]step{
				{openWrite, "ok"},
				{"write 0 512 0x61", "512"},
				{"write 777 3 0x62", "3"},
				{"read 510 272", "2*61 265*00 3*62 2*00"},
				{"read 0 1", "1*61"},
			},
			map[string]int{"READ": 2, "WRITE": 2},
		},
		"the end": {
			fakeConfig{Size: 10001},
			[]step{
				{openWrite, "ok"},
				{"write 9999 2 0x61", "2"},
				{"write 10000 5000 0x62", "1"}, // as much as there is room for
				{"write 10001 1 0x63", "ENOSPC"},
				{"write 1000000 512 0x63", "ENOSPC"},
				{"read 9998 512", "1*00 1*61 1*62"},
				{"read 10001 512", "nothing"},
				{"read 99999 512", "nothing"},
			},
			map[string]int{"READ": 1, "WRITE": 2},
		},
		"a megabyte is one request": {
			fakeConfig{Size: 4 << 20},
			[]step{
				{openWrite, "ok"},
				{"write 512 1048576 0x61", "1048576"},
				{"read 1 1048576", "511*00 1048065*61"},
			},
			map[string]int{"READ": 1, "WRITE": 1},
		},
		"the handle's own memory": {
			fakeConfig{Size: 1 << 20, OwnMemory: true},
			[]step{
				{openWrite, "ok"},
				{"write 100000 200000 0x61", "200000"},
				{"read 99999 300000", "1*00 200000*61 99999*00"},
			},
			map[string]int{"READ": 1, "WRITE": 1},
		},
		"no bytes at all": {
			fakeConfig{Size: 0x10000},
			[]step{{openWrite, "ok"}, {"write 0 0 0", "0"}, {"read 0 0", "nothing"}},
			map[string]int{},
		},
		"attributes": {
			fakeConfig{Size: 10001},
			[]step{
				{openWrite, "ok"},
				{"fstat", "100600 10001 bytes, 20 blocks of 4096, 0:0"},
				{"lseek 0 2", "10001"}, // SEEK_END
			},
			map[string]int{},
		},
		"read-only": {
			fakeConfig{ReadOnly: true},
			[]step{
				{openWrite, "EROFS"},
				{openTrunc, "EROFS"},
				{openRead, "ok"},
				{"fstat", "100400 1048576 bytes, 2048 blocks of 4096, 0:0"},
				{"read 0 4", "4*00"},
			},
			map[string]int{"READ": 1},
		},
		"read-only by the helper": {
			fakeConfig{ReadOnly: true, Helper: true},
			[]step{{openWrite, "EROFS"}, {openRead, "ok"}, {"read 0 4", "4*00"}, {"chmod 0600", "EROFS"}},
			map[string]int{"READ": 1},
		},
		"a disk that cannot write": {
			fakeConfig{NoWrite: true},
			[]step{{openWrite, "EROFS"}, {openRead, "ok"}, {"read 0 4", "4*00"}},
			map[string]int{"READ": 1},
		},
		"the size is fixed": {
			fakeConfig{Size: 10001},
			[]step{
				{openWrite, "ok"},
				{"write 0 4 0x61", "4"},
				{"ftruncate 10001", "ok"},
				{"ftruncate 0", "EPERM"},
				{"ftruncate 10002", "EPERM"},
				{"fstat", "100600 10001 bytes, 20 blocks of 4096, 0:0"},
				{"close", "ok"},
				{openTrunc, "ok"}, // as on a block device
				{"fstat", "100600 10001 bytes, 20 blocks of 4096, 0:0"},
				{"lseek 0 2", "10001"},
				{"read 0 5", "4*61 1*00"},
				{"close", "ok"},
				{openAppnd, "ok"},
				{"append 1 0x61", "ENOSPC"},
			},
			map[string]int{"READ": 1, "WRITE": 1},
		},
		"the size is fixed, cached": {
			fakeConfig{Size: 10001, Cache: true},
			[]step{
				{openWrite, "ok"},
				{"write 0 4 0x61", "4"},
				{"write 10000 100 0x62", "1"},
				{"write 10001 100 0x62", "ENOSPC"},
				{"ftruncate 0", "EPERM"},
				{"close", "ok"},
				{openTrunc, "ok"},
				{"read 0 5", "4*61 1*00"},
				{"fstat", "100600 10001 bytes, 20 blocks of 4096, 0:0"},
				{"read 9999 5", "1*00 1*62"},
			},
			nil,
		},
		"mode and times": {
			fakeConfig{},
			[]step{{openWrite, "ok"}, {"chmod 0644", "ok"}, {"utimes", "ok"}, {"fstat", "100600 1048576 bytes, 2048 blocks of 4096, 0:0"}},
			map[string]int{},
		},
		"fsync": {
			fakeConfig{},
			[]step{{openWrite, "ok"}, {"write 0 1 1", "1"}, {"fsync", "ok"}, {"fsync", "ok"}, {"close", "ok"}},
			map[string]int{"WRITE": 1, "FLUSH": 2},
		},
		"fsync without flush": {
			fakeConfig{NoFlush: true},
			[]step{{openWrite, "ok"}, {"fsync", "ok"}, {"fsync", "ok"}},
			map[string]int{},
		},
		"fsync that fails": {
			fakeConfig{FlushErrno: syscall.ENOSPC},
			[]step{{openWrite, "ok"}, {"fsync", "ENOSPC"}, {"fsync", "ENOSPC"}},
			map[string]int{"FLUSH": 2},
		},
		"fsync that fails with ENOSYS is asked again": {
			fakeConfig{FlushErrno: syscall.ENOSYS},
			[]step{{openWrite, "ok"}, {"fsync", "ENOTSUP"}, {"fsync", "ENOTSUP"}},
			map[string]int{"FLUSH": 2},
		},
		"read that fails": {
			fakeConfig{ReadErrno: syscall.ETIMEDOUT},
			[]step{{openWrite, "ok"}, {"read 0 512", "ETIMEDOUT"}},
			map[string]int{"READ": 1},
		},
		"read that fails with no errno of the kernel": {
			fakeConfig{ReadErrno: 5555},
			[]step{{openWrite, "ok"}, {"read 0 512", "EIO"}},
			map[string]int{"READ": 1},
		},
		"O_DSYNC with FUA": {
			fakeConfig{FUA: plugins.Native},
			[]step{{openDsync, "ok"}, {"write 0 1 1", "1"}, {"close", "ok"}, {openSync, "ok"}, {"write 0 1 1", "1"}},
			map[string]int{"WRITE+fua": 2},
		},
		"O_DSYNC without FUA": {
			fakeConfig{},
			[]step{{openDsync, "ok"}, {"write 0 1 1", "1"}},
			map[string]int{"WRITE": 1, "FLUSH": 1},
		},
		"O_DSYNC without FUA and flush": {
			fakeConfig{NoFlush: true},
			[]step{{openDsync, "ok"}, {"write 0 1 1", "1"}},
			map[string]int{"WRITE": 1},
		},
		"punch hole": {
			fakeConfig{Size: 10000},
			[]step{
				{openWrite, "ok"},
				{"write 0 10000 0x61", "10000"},
				{"fallocate 3 100 200", "ok"},
				{"fallocate 3 9999 5000", "ok"},
				{"fallocate 3 10000 5000", "ok"},
				{"read 0 10000", "100*61 200*00 9699*61 1*00"},
			},
			map[string]int{"WRITE": 1, "READ": 1, "ZERO+may_trim": 2},
		},
		"punch hole without zero": {
			fakeConfig{NoZero: true},
			[]step{{openWrite, "ok"}, {"fallocate 3 100 200", "ENOTSUP"}},
			map[string]int{},
		},
		"zero range": {
			fakeConfig{Size: 10000, NoZero: true},
			[]step{
				{openWrite, "ok"},
				{"write 0 10000 0x61", "10000"},
				{"fallocate 0x10 100 200", "ok"},
				{"fallocate 0x11 9999 5000", "ok"},
				{"fallocate 0x10 9999 5000", "ENOSPC"},
				{"read 0 10000", "100*61 200*00 9699*61 1*00"},
				{"fstat", "100600 10000 bytes, 20 blocks of 4096, 0:0"},
			},
			map[string]int{"WRITE": 1, "READ": 1, "ZERO": 2},
		},
		"other modes of fallocate": {
			fakeConfig{},
			[]step{
				{openWrite, "ok"},
				{"fallocate 0 0 4096", "ENOTSUP"},
				{"fallocate 1 0 4096", "ENOTSUP"},
				{"fallocate 8 0 4096", "ENOTSUP"}, // collapse
				{"fallocate 0x11 0 4096", "ok"},   // and the kernel still asks
			},
			map[string]int{"ZERO": 1},
		},
		"holes": {
			fakeConfig{Size: 20000},
			[]step{
				{openWrite, "ok"},
				{"write 8192 4096 0x61", "4096"},
				{"lseek 0 3", "8192"},
				{"lseek 0 4", "0"},
				{"lseek 9000 3", "9000"},
				{"lseek 9000 4", "12288"},
				{"lseek 12288 3", "ENXIO"},
				{"lseek 19999 4", "19999"},
				{"lseek 20000 4", "ENXIO"},
				{"lseek 20000 3", "ENXIO"},
				{"write 19999 1 0x61", "1"},
				{"lseek 12288 3", "16384"},
				{"lseek 16384 4", "20000"},
			},
			nil,
		},
		"holes, one extent at a time": {
			fakeConfig{Size: 1 << 20, MaxExtent: 4096},
			[]step{
				{openWrite, "ok"},
				{"write 1044480 4096 0x61", "4096"},
				{"lseek 1 3", "1044480"},
				{"lseek 1044481 4", "1048576"},
			},
			map[string]int{"WRITE": 1, "EXTENTS": 256},
		},
		"no extents": {
			fakeConfig{NoExtents: true},
			[]step{{openWrite, "ok"}, {"lseek 5 3", "5"}, {"lseek 5 4", "1048576"}, {"lseek 1048576 3", "ENXIO"}},
			map[string]int{},
		},
		"memory map": {
			fakeConfig{Size: 10000},
			[]step{
				{openWrite, "ok"},
				{"write 0 10000 0x61", "10000"},
				{"mmap 10000", "ok"},
				{"peek 9999", "97"},
				{"poke 5000 0x62", "ok"},
				{"msync", "ok"},
				{"read 4999 3", "1*61 1*62 1*61"},
			},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := test.config
			config.Mountpoint = emptyFile(t, tempDir(t), "disk")
			s := serve(t, config)
			play(t, s.path, test.steps)
			stats := s.mustClose()
			if test.want != nil && fmt.Sprint(stats.Done) != fmt.Sprint(test.want) {
				t.Errorf("requests %v, want %v", stats.Done, test.want)
			}
		})
	}
}

func TestCache(t *testing.T) {
	needFUSE(t)
	for _, cache := range []bool{false, true} {
		t.Run(fmt.Sprint(cache), func(t *testing.T) {
			s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), Cache: cache})
			play(t, s.path, []step{
				{openWrite, "ok"},
				{"write 0 4096 0x61", "4096"},
				{"read 0 4096", "4096*61"},
				{"close", "ok"},
				{openWrite, "ok"},
				{"read 0 4096", "4096*61"},
				{"read 0 4096", "4096*61"},
			})
			reads := s.mustClose().Done["READ"]
			if cache && reads != 0 || !cache && reads != 3 {
				t.Errorf("%d requests for 3 reads of what was just written", reads)
			}
		})
	}
}

// A cached disk is read ahead by whole requests where the system lets that be said,
// and is mounted and read all the same where it does not.
func TestReadAhead(t *testing.T) {
	needFUSE(t)
	s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), Cache: true, Size: 16 << 20})
	e, err := mountAt(s.path)
	if err != nil || e == nil {
		t.Fatalf("the mount is %v, %v", e, err)
	}
	setting, unsaid := os.OpenFile(readAheadSetting(e), os.O_RDWR, 0)
	if unsaid == nil {
		defer setting.Close()
		if text, err := io.ReadAll(setting); err != nil || string(text) != fmt.Sprintln(readAhead>>10) {
			t.Errorf("the kernel reads %q KiB ahead, %v", text, err)
		}
	} else {
		t.Logf("the system does not let it be said: %v", unsaid)
	}
	steps := []step{{openRead, "ok"}}
	for at := range 8 << 20 / 65536 {
		steps = append(steps, step{fmt.Sprintf("read %d 65536", at*65536), "65536*00"})
	}
	play(t, s.path, steps)
	if stats := s.mustClose(); unsaid == nil && stats.Largest != maxTransfer || stats.Bytes < 8<<20 {
		t.Errorf("%d bytes were read, the largest request has %d", stats.Bytes, stats.Largest)
	}
}

// A range of fallocate is handed on in pieces.
func TestLongZero(t *testing.T) {
	needFUSE(t)
	s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), Size: 3<<30 + 512})
	play(t, s.path, []step{{openWrite, "ok"}, {"fallocate 3 256 5000000000", "ok"}})
	stats := s.mustClose()
	if stats.Done["ZERO+may_trim"] != 4 || stats.Bytes != 3<<30+256 || stats.Largest != 1<<30 {
		t.Errorf("%v of %d bytes, the largest of %d", stats.Done, stats.Bytes, stats.Largest)
	}
}

func TestPrograms(t *testing.T) {
	needFUSE(t)
	for _, name := range []string{"dd", "cp", "cmp", "mkfs.ext4", "e2fsck", "stat", "truncate"} {
		needProgram(t, name)
	}
	for _, cache := range []bool{false, true} {
		t.Run(fmt.Sprint("cache ", cache), func(t *testing.T) {
			dir := tempDir(t)
			const size = 32<<20 + 512
			s := serve(t, fakeConfig{Mountpoint: emptyFile(t, dir, "disk"), Size: size, Cache: cache})

			mustRun(t, "mkfs.ext4", "-q", "-F", s.path)
			mustRun(t, "e2fsck", "-f", "-n", s.path)

			image := filepath.Join(dir, "image")
			var data []byte
			for sum := sha256.Sum256(nil); len(data) < size; sum = sha256.Sum256(sum[:]) {
				data = append(data, sum[:]...)
			}
			if err := os.WriteFile(image, data[:size], 0o600); err != nil {
				t.Fatal(err)
			}
			mustRun(t, "cp", image, s.path) // opens with O_TRUNC
			mustRun(t, "cmp", image, s.path)
			mustRun(t, "dd", "if=/dev/zero", "of="+s.path, "bs=1000", "count=3", "seek=1", "conv=notrunc,fsync", "status=none")
			copy(data[1000:4000], bytes.Repeat([]byte{0}, 3000))
			if err := os.WriteFile(image, data[:size], 0o600); err != nil {
				t.Fatal(err)
			}
			mustRun(t, "cmp", image, s.path)

			// Filled to the last byte, then ENOSPC.
			if out, err := run(t, "dd", "if=/dev/zero", "of="+s.path, "bs=1M", "status=none"); err == nil {
				t.Errorf("dd wrote /dev/zero to a disk: %s", out)
			}
			mustRun(t, "cmp", "-n", fmt.Sprint(size), "/dev/zero", s.path)
			if _, err := run(t, "truncate", "-s", "100", s.path); err == nil {
				t.Error("truncate changed the size of a disk")
			}
			if got := mustRun(t, "stat", "-c", "%s %F", s.path); got != fmt.Sprintf("%d regular file\n", size) {
				t.Errorf("stat: %q", got)
			}
			s.mustClose()
		})
	}
}

// Many requests at once, and what was written is there.
func TestFio(t *testing.T) {
	needFUSE(t)
	needProgram(t, "fio")
	for i, args := range [][]string{
		{"--ioengine=psync", "--numjobs=4", "--offset_increment=4m", "--size=4m"},
		{"--ioengine=psync", "--direct=1", "--fdatasync=8", "--size=16m"},
		{"--ioengine=libaio", "--direct=1", "--iodepth=16", "--size=16m"},
		{"--ioengine=mmap", "--size=16m"},
		{"--ioengine=libaio", "--direct=1", "--iodepth=16", "--size=16m"},
		{"--ioengine=psync", "--numjobs=4", "--offset_increment=4m", "--size=4m", "--bsrange=4k-2m"},
	} {
		serial := i >= 4
		t.Run(fmt.Sprint(args[0], args[1], " serial ", serial), func(t *testing.T) {
			dir := tempDir(t)
			s := serve(t, fakeConfig{Mountpoint: emptyFile(t, dir, "disk"), Size: 16 << 20, Serial: serial})
			mustRun(t, "fio", append([]string{
				"--name=test", "--filename=" + s.path, "--rw=randwrite", "--bs=4k", "--verify=crc32c",
				"--allow_file_create=0", "--thread", "--aux-path=" + dir,
			}, args...)...)
			if stats := s.mustClose(); len(stats.Errors) != 0 {
				t.Errorf("errors %q", stats.Errors)
			}
		})
	}
}

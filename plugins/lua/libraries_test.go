package lua

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

func TestLibraries(t *testing.T) {
	for expression, want := range map[string]string{
		`tonumber("2e2"), tonumber(" 0x1F "), tonumber("-3.5"), tonumber("08"), tonumber("12a"), tonumber("nan"), tonumber("")`: "200\t31\t-3.5\t8\tnil\tnil\tnil",
		`tonumber("ff", 16), tonumber("zz", 36), tonumber("9", 8), tonumber({})`:                                                "255\t1295\tnil\tnil",
		`"\x41\x00\xff" == "A\0\255", #"\x00"`:                                                                                  "true\t1",
		`table.unpack({1, 2, 3}, 2)`:                                                                                            "2\t3",
		`table.pack(1, nil, 3).n, table.pack().n`:                                                                               "3\t0",
		`math.tointeger(3.0), math.tointeger(3.5), math.tointeger("x"), math.type(1), math.type(1.5), math.type("1")`:           "3\tnil\tnil\tinteger\tfloat\tnil",
		`math.huge > 2^1000, math.huge == math.huge + 1`:                                                                        "true\ttrue",
		`string.rep("ab", 3, "-"), ("x"):rep(0), ("x"):rep(-1), ("x"):rep(1, ",")`:                                              "ab-ab-ab\t\t\tx",
		`bit32.band(0xff, 0x0f, 3), bit32.bor(1, 4), bit32.bxor(5, 1), bit32.bnot(0), bit32.band()`:                             "3\t5\t4\t4294967295\t4294967295",
		`bit32.lshift(1, 31), bit32.lshift(1, 32), bit32.rshift(256, 4), bit32.lshift(16, -4), bit32.band(-1, 0xff)`:            "2147483648\t0\t16\t1\t255",
		`load("return 1 + 1")(), (load("x ="))`:                                                                                 "2\tnil",
		`load(function() return nil end)()`:                                                                                     "",
		`collectgarbage(), collectgarbage("collect"), type(collectgarbage("count")), collectgarbage("step")`:                    "0\t0\tnumber\t0",
		`pcall(string.rep, "x", 2^40)`:                                                                                          "false\tdisk.lua:5: string.rep: the result would be larger than 268435456 bytes",
		`(pcall(os.exit)), (pcall(os.execute, "true")), (pcall(io.popen, "true"))`:                                              "false\tfalse\tfalse",
		`debug.getinfo, type(debug.traceback), _printregs, channel, newproxy, module`:                                           "nil\tfunction\tnil\tnil\tnil\tnil",
		`io.read(), io.read("*a"), io.stdin:read(1)`:                                                                            "nil\tnil\tnil",
		`require("string") == string, require("nbdkit") == nbdkit, require("workbench") == workbench, require("io") == io`:      "true\ttrue\ttrue\ttrue",
		`nbdkit.parse_size("1M"), nbdkit.FLAG_FUA, nbdkit.FUA_NATIVE, nbdkit.CACHE_NONE, nbdkit.EXTENT_ZERO`:                    "1048576\t2\t2\t0\t2",
		`nbdkit.THREAD_MODEL_PARALLEL, nbdkit.FLAG_MAY_TRIM, nbdkit.FLAG_REQ_ONE, nbdkit.FLAG_FAST_ZERO`:                        "3\t1\t4\t8",
		`select(2, pcall(nbdkit.parse_size, "1MB"))`:                                                                            "disk.lua:5: \"1MB\" is not a size: after the digits stands \"MB\", not one of the letters b s k m g t p e",
		`(pcall(nbdkit.export_name)), (pcall(nbdkit.set_error, "ENONSENSE")), (pcall(nbdkit.set_error, -1))`:                    "false\tfalse\tfalse",
		`table.concat(setmetatable({}, {__index = function(_, i) return i * 2 end}), " ", -1, 3)`:                               "-2 0 2 4 6",
		`table.concat({"a", 1, 2.5, [5] = "e"}, "-", 1, 3)`:                                                                     "a-1-2.5",
		`#table.concat((function() local t = {} for i = 1, 50000 do t[i] = "ab" end return t end)())`:                           "100000",
		`select("#", string.byte(("x"):rep(10000), 1, -1))`:                                                                     "10000",
		`(function() local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(3000) end)()`:             "3000",
		`(pcall(function() local function f() return 1 + f() end f() end))`:                                                     "false",
		`(function() for i = 1, 3 do for j = 1, 3 do if j == 2 then goto continue end end ::continue:: end return 1 end)()`:     "1",
	} {
		mustPrint(t, expression, want)
	}
}

// What Lua 5.1 does not have, or not so.
func TestLaterLibraries(t *testing.T) {
	for expression, want := range map[string]string{
		`bit32.arshift(0x80000000, 4), bit32.arshift(16, 2), bit32.arshift(1, -4), bit32.arshift(-1, 40), bit32.arshift(1, -40)`:              "4160749568\t4\t16\t4294967295\t0",
		`bit32.lrotate(0x80000001, 1), bit32.rrotate(1, 1), bit32.lrotate(1, 33), bit32.rrotate(1, -1)`:                                       "3\t2147483648\t2\t2",
		`bit32.extract(0xabcd, 4, 8), bit32.extract(8, 3), bit32.replace(0, 0xff, 4, 4), bit32.replace(0xff, 0, 0), bit32.extract(-1, 0, 32)`: "188\t1\t240\t254\t4294967295",
		`bit32.btest(6, 3), bit32.btest(6, 1), bit32.btest(), (pcall(bit32.extract, 1, 31, 2)), (pcall(bit32.band, 1.5))`:                     "true\tfalse\ttrue\tfalse\tfalse",
		`1e18 == 10^18, 9007199254740992, 0x4000000000000000 == 2^62, 0xffffffff, 18446744073709551615 == 2^64`:                               "true\t9007199254740992\ttrue\t4294967295\ttrue",
		`math.maxinteger, math.mininteger, math.ult(1, -1)`:                                                                                   "9007199254740992\t-9007199254740992\ttrue",
		`select(2, pcall(string.format, "%d", 2^60)), select(2, pcall(string.pack, "<I8", 2^60))`:                                             "disk.lua:5: bad argument #2 to (anonymous) (1152921504606846976 is beyond 2^53, up to which the numbers of Lua are exact)\tdisk.lua:5: pack: item \"I8\" of the format: 1.152921504606847e+18 is beyond 2^53, up to which floating point numbers are exact",
		`select(2, pcall(string.unpack, "<I8", "\255\255\255\255\255\255\255\255"))`:                                                          "disk.lua:5: the result is 18446744073709551615: the numbers of Lua are exact up to 2^53 only; take a large integer in halves of 32 bits",
		`(load("x = 1\n\ny = a // 2")), select(2, load("x = 1\n\ny = a // 2", "=part"))`:                                                      "nil\tpart:3: syntax error near \"/\": // is Lua 5.3, this is 5.1: write math.floor(a / b); a comment begins with --",
	} {
		mustPrint(t, expression, want)
	}
}

// os.exit ends the program as if it had been told to stop, and the script at once.
func TestExit(t *testing.T) {
	for call, want := range map[string]int{"os.exit()": 0, "os.exit(3)": 3, "os.exit(true)": 0, "os.exit(false)": 1} {
		program, err := Runtime{}.Compile(plugins.Source{Path: "disk.lua", Text: skeleton + call + " print('not reached')"})
		if err != nil {
			t.Fatal(err)
		}
		status := -1
		_, err = plugins.Start(t.Context(), program, plugins.Env{
			Shutdown: func(s int) { status = s },
			Print:    func(_ *plugins.Call, text string) { t.Errorf("%s: printed %q", call, text) },
		})
		if status != want || plugins.ErrnoOf(err) != syscall.ESHUTDOWN || !strings.Contains(err.Error(), "disk.lua:5: os.exit") {
			t.Errorf("%s: status %d, %v", call, status, err)
		}
	}
}

// A module is told of what is not Lua 5.1 as the script is.
func TestHintsInModules(t *testing.T) {
	dir := t.TempDir()
	module := filepath.Join(dir, "bits.lua")
	if err := os.WriteFile(module, []byte("return {\n  x = 1 << 4}"), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := Runtime{}.Compile(plugins.Source{Path: filepath.Join(dir, "disk.lua"), Text: skeleton + `require("bits")`})
	if err != nil {
		t.Fatal(err)
	}
	_, err = plugins.Start(t.Context(), program, plugins.Env{})
	var e *plugins.Error
	if !errors.As(err, &e) || e.File != module || e.Line != 2 || !strings.Contains(e.Msg, "bit32.lshift") {
		t.Errorf("error %v", err)
	}
}

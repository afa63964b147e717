package lua

import "testing"

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
		`#table.concat((function() local t = {} for i = 1, 50000 do t[i] = "ab" end return t end)())`:                           "100000",
		`select("#", string.byte(("x"):rep(10000), 1, -1))`:                                                                     "10000",
		`(function() local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(3000) end)()`:             "3000",
		`(pcall(function() local function f() return 1 + f() end f() end))`:                                                     "false",
		`(function() for i = 1, 3 do for j = 1, 3 do if j == 2 then goto continue end end ::continue:: end return 1 end)()`:     "1",
	} {
		mustPrint(t, expression, want)
	}
}

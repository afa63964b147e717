-- What the libraries of Lua 5.3 answer: every line that this prints must be the
-- same under nbdkit. An error counts, its words do not.

local function show(name, ...)
  local out = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    if type(v) == "number" then
      v = string.format("%.14g", v)
    elseif type(v) == "string" then
      v = string.format("%q", v)
    end
    out[i] = tostring(v)
  end
  print(name, table.concat(out, " "))
end

local function try(name, f, ...)
  local results = table.pack(pcall(f, ...))
  if results[1] then
    show(name, table.unpack(results, 2, results.n))
  else
    show(name, "an error")
  end
end

local function tryAll(name, f, list)
  for i, args in ipairs(list) do
    try(name .. " " .. i, f, table.unpack(args, 1, args.n or #args))
  end
end

local bytes = {}
for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
bytes = table.concat(bytes)

tryAll("format", string.format, {
  {"%d", 3}, {"%d", 3.0}, {"%d", 3.5}, {"%i", -7}, {"%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42}, {"%.3d", 5}, {"%5.3d|", -5},
  {"%x %X %#x %o %#o", 255, 255, 255, 8, 8}, {"%x", -1 % 2^32}, {"%08x", 48879}, {"%#06x|%-#6x|", 10, 10},
  {"%c%c", 65, 0}, {"%3c|", 65}, {"%s %s %s", nil, true, "x"}, {"%10s|%-10s|%.2s|%5.1s|", "abc", "abc", "abc", "abc"}, {"%s", "a\0b"},
  {"%f %.0f %.3f %10.2f|%-10.2f|%+.1f", 1.5, 2.5, 1/3, 2.345, 2.345, 7}, {"%e %.2E", 12345.678, 0.00012},
  {"%g %g %g %g %g %g", 100000, 1e6, 1e15, 0.0001, 0.00001, 0.1}, {"%.3g %.10g %G %#g", 1234567, 0.1, 1e-10, 1}, {"%.0g", 0.5},
  {"%a %a %a %.1a %A", 1, 0.5, 10.25, 1.5, 255}, {"%g %f %5.1f|%G", 1/0, -1/0, 1/0, 1/0}, {"%05g|%-5g|", 1/0, 1/0},
  {"%q", 'a "quoted" \\ line\nend\r\0' .. "1"}, {"%q", bytes}, {"%%"}, {"%5%"}, {"%"}, {"%d"}, {"%y", 1}, {"%123d", 1}, {"%.123d", 1}, {"%99999999d", 1}, {"%99d", 1},
  {"%d", "10"}, {"%d", "x"}, {"%d", {}}, {"%s"}, {"%-+ #05d|", 3}, {"%+x", 5}, {"%s", setmetatable({}, {__tostring = function() return "meta" end})},
})

tryAll("find", string.find, {
  {"hello", "l"}, {"hello", "l", 4}, {"hello", "l", 5}, {"hello", "xyz"}, {"hello", ""}, {"hello", "", 6}, {"hello", "", 7}, {"hello", "l", -2}, {"hello", "h", -100},
  {"a.b", ".", 1, true}, {"a.b", "%."}, {"a+b", "+", 1, true}, {"hello", "(l)(l)"}, {"hello", "()ll()"}, {"a\0b", "\0"}, {"a\0b", "%z"}, {"a\0b", "[\0]"}, {"a\0bc", "b"}, {"x\0y", "[^\0]+"},
  {"hello world", "^hello"}, {"hello world", "^world"}, {"hello world", "world$"}, {"a$b", "$b"}, {"a^b", "b^"}, {"a^b", "^a^"}, {"[]", "[]]"}, {"]", "[^]]"}, {"-", "[a-]"}, {"b", "[a-c]"}, {"a-c", "[a%-c]+"},
  {"THE (quick) fox", "%((%a+)%)"}, {"f(a(b)c)d", "%b()"}, {"f(a(b c", "%b()"}, {"THE (quick) fox", "%f[%a]%a+", 5}, {"abc", "%f[%z]"}, {"aXb", "%u"}, {"  x", "^%s*"}, {"abab", "(ab)%1"}, {"abac", "(ab)%1"},
  {"x", "("}, {"x", ")"}, {"x", "%"}, {"x", "["}, {"x", "[a"}, {"x", "[%"}, {"x", "%1"}, {"x", "%b"}, {"x", "%bx"}, {"x", "%f"}, {"x", "(x"}, {"x", "(()"}, {"x", "(%1)"}, {"x", "[]"}, {"x", "[^]"}, {"x", "[a-"}, {"x", "x-"}, {"x", "*"}, {"*", "*"}, {"+a", "^+a"},
  {string.rep("a", 1000), ".-b"}, {string.rep("a", 10), string.rep("a?", 10) .. string.rep("a", 10)}, {string.rep("x", 3000), ".-y"}, {"abc", "[a-%a]"}, {"é", "."}, {"\xff\xfe", "[\xfe-\xff]+"},
  {("("):rep(40), ("("):rep(40)}, {"a", ("()"):rep(32)}, {"a", ("()"):rep(33)}, {"a", ("(a?)"):rep(33)},
})
for _, class in ipairs{"a", "c", "d", "g", "l", "p", "s", "u", "w", "x", "A", "C", "D", "G", "L", "P", "S", "U", "W", "X"} do
  show("class " .. class, (bytes:gsub("%" .. class, "")))
end
tryAll("match", string.match, {
  {"key = value", "^(%w+)%s*=%s*(%w+)$"}, {"key = value", "(%w+)", 4}, {"2024-01-02", "(%d+)-(%d+)-(%d+)"}, {"  trim  ", "^%s*(.-)%s*$"}, {"abc", "b"}, {"abc", "()b()"}, {"abc", "x"}, {"0x1F", "^0[xX](%x+)$"}, {"abc", ".-"}, {"abc", "a*", 2}, {"aaa", "a-b"}, {"aaab", "^(a-)b"},
})
tryAll("gsub", string.gsub, {
  {"hello world", "o", "0"}, {"hello world", "o", "0", 1}, {"hello", "", "-"}, {"hello", "l*", "x"}, {"abc", "%w", "%0%0"}, {"abc", "(a)(b)", "%2%1"}, {"abc", "b", "%%"}, {"abc", "b", "%"}, {"abc", "b", "%x"}, {"abc", "b", "%2"}, {"abc", "b", "%1"},
  {"$name is $age", "%$(%w+)", {name = "lua", age = 5}}, {"abc", "%w", function(c) if c == "b" then return "[" .. c .. "]" end end}, {"abc", "%w", function() return false end}, {"abc", "%w", function() return {} end}, {"abc", "%w", {a = true}},
  {"abc", "^a", "x"}, {"aaa", "^a", "x"}, {"abc def", "%f[%w]%w+", string.upper}, {"a\0b\0c", "\0", "-"}, {"abc", "b", 5}, {"abc", "b", nil}, {"x = 1", "(%w+) = (%w+)", "%2 = %1"}, {"abc", "", "", 2}, {"hello", "(l)(.)", "%2%1"}, {"", "", "x"}, {"", "^", "x"}, {"a,b,,c", "([^,]*)", "<%1>"}, {"ab", "()", "%1"},
})
local function collect(text, pattern)
  local out = {}
  for a, b in string.gmatch(text, pattern) do out[#out + 1] = tostring(a) .. ":" .. tostring(b) end
  return table.concat(out, ",")
end
tryAll("gmatch", collect, {{"one two", "%a+"}, {"k=v, x=y", "(%w+)=(%w+)"}, {"abc", ""}, {"abc", "b*"}, {"aXb", "()%u()"}, {"", ""}, {"a b", "%s*"}, {"hello", "^h"}})

tryAll("rep", string.rep, {{"ab", 3}, {"ab", 3, ","}, {"ab", 0}, {"ab", -1}, {"", 10}, {"x", 1, "sep"}, {"", 3, ","}})
tryAll("case", function(s) return s:lower(), s:upper() end, {{"MiXed 123"}, {"\xc4\xd6\xff"}, {bytes}})
tryAll("bytes", function(s, ...) return s:byte(...) end, {{"abc"}, {"abc", 2}, {"abc", -1}, {"abc", 1, -1}, {"abc", 10}, {"", 1}, {"\0\255", 1, 2}})
tryAll("sub", string.sub, {{"hello", 2}, {"hello", 2, 3}, {"hello", -3}, {"hello", -3, -2}, {"hello", 0}, {"hello", 4, 2}, {"hello", 2, 100}, {"hello", -100, 2}})
tryAll("reverse", string.reverse, {{"abc"}, {""}, {"\xc3\xa9"}, {"\0\1"}})
tryAll("char", string.char, {{}, {65, 66}, {0, 255}, {256}, {-1}})

local function hex(f, ...) return (f(...):gsub(".", function(c) return string.format("%02x", c:byte()) end)) end
tryAll("pack", function(...) return hex(string.pack, ...) end, {
  {"<i4", 1}, {">i4", 1}, {"<I4", 4294967295}, {"b", -128}, {"b", 128}, {"B", 255}, {"B", 256}, {"B", -1}, {"<h", -2}, {">H", 65535}, {"<i8", -1}, {"<I8", -1}, {"<j", -2}, {"<J", 5}, {">T", 5}, {"<l", 7}, {"<L", 7}, {"<i3", -2}, {">i3", 8388607}, {"<i3", 8388608}, {"<I3", 16777215}, {"<i16", -1}, {">I16", 258}, {"<i17", 1}, {"<i0", 1}, {"<i", 5},
  {"z", "abc"}, {"z", "a\0b"}, {"<s1", "abc"}, {">s2", "abc"}, {"<s", "x"}, {"s1", ("x"):rep(256)}, {"c5", "abc"}, {"c2", "abc"}, {"c0", ""}, {"c", "abc"}, {"<f", 1.5}, {"<d", 1.5}, {">n", -0.1}, {"<bxb", 1, 2}, {"<!4 b i4", 1, 2}, {"<!4 b Xi4 b", 1, 2}, {"<!8 b d", 1, 2}, {"<! b j", 1, 2}, {"<b i4", 1, 2}, {"<!2 b i4", 1, 2}, {"X", 1}, {"bX", 1}, {"bXz", 1}, {"<!4 b i3", 1, 2}, {"<!16 b i16", 1, 2}, {"!3 i4", 1}, {"<b!4i4", 1, 2},
  {"i4", "x"}, {"i4", 1.5}, {"i4", 3.0}, {"i4"}, {"y", 1}, {" < i2 > i2 ", 1, 2}, {"=i2", 1}, {">s4 b", "hi", 3}, {"", 1}, {"<i4", {}}, {"<!4 s4", "abc"},
})
tryAll("unpack", string.unpack, {
  {"<i4", "\1\0\0\0"}, {">i4", "\1\0\0\0"}, {"<i4", "\255\255\255\255"}, {"<I4", "\255\255\255\255"}, {"b", "\128"}, {"<h", "\255\127"}, {"<i3", "\254\255\255"}, {"<I3", "\254\255\255"}, {"<i16", ("\255"):rep(16)}, {"<i16", ("\1"):rep(16)}, {"<I16", "\1" .. ("\0"):rep(15)}, {"z", "abc\0def"}, {"s1", "\3abcdef"}, {"s1", "\9abc"}, {"<s2", "\3\0abc"}, {"c2", "abc"}, {"c9", "abc"}, {"<f", "\0\0\192\63"}, {"<d", "\0\0\0\0\0\0\248\63"}, {"bxb", "\1\2\3"}, {"<!4 b i4", "\1\0\0\0\2\0\0\0"}, {"i4", "abc"},
  {"b", "abc", 2}, {"b", "abc", -1}, {"b", "abc", 4}, {"b", "abc", 5}, {"b", "abc", -9}, {"", "abc"}, {"bbb", "abc"}, {"<i2>i2", "\1\0\0\1"}, {"<j", "\254\255\255\255\255\255\255\255"}, {"<!4 b Xi4 b", "\1\0\0\0\2"}, {"<!4 i4", "\0\0\0\0\1\0\0\0", 3},
})
tryAll("packsize", string.packsize, {{"<i4"}, {"bhilj"}, {"!8 b d"}, {"z"}, {"s"}, {"c10"}, {""}, {"<!4 b i4 b"}, {"xxx"}, {"i16"}, {"!bXd"}})

tryAll("concat", table.concat, {{{1, 2, 3}}, {{1, 2, 3}, ","}, {{1, 2, 3}, ",", 2}, {{1, 2, 3}, ",", 2, 3}, {{1, 2, 3}, ",", 3, 2}, {{}, ","}, {{1, {}, 3}}, {{"a", "b"}, 0}, {{1, 2}, ",", 1, 3}})
tryAll("move", function(...) return table.concat(table.move(...), ",") end, {{{1, 2, 3}, 1, 3, 2}, {{1, 2, 3}, 2, 3, 1}, {{1, 2, 3}, 1, 3, 1, {}}, {{1, 2, 3}, 1, 0, 5}, {{1, 2, 3}, 1, 2, 1, {9, 9, 9}}})
tryAll("pack table", function(...) local t = table.pack(...) return t.n, t[1], t[t.n] end, {{1, 2, 3}, {n = 0}, {nil, 2, n = 2}})
tryAll("unpack table", table.unpack, {{{1, 2, 3}}, {{1, 2, 3}, 2}, {{1, 2, 3}, 2, 3}, {{}}, {{1, 2}, 1, 3}, {{}, 1, 1e8}})
tryAll("select", select, {{"#"}, {"#", 1, nil, n = 3}, {2, "a", "b", "c"}, {-1, "a", "b"}, {0, "a"}})
tryAll("insert", function(t, ...) table.insert(t, ...) return table.concat(t, ",") end, {{{1, 2}, 3}, {{1, 2}, 1, 0}, {{}, "x"}})
tryAll("sort", function(t, f) table.sort(t, f) return table.concat(t, ",") end, {{{3, 1, 2}}, {{3, 1, 2}, function(a, b) return a > b end}, {{"b", "a"}}, {{1, "a"}}})

tryAll("tointeger", math.tointeger, {{3}, {3.0}, {3.5}, {"8"}, {"x"}, {{}}, {2^53}, {-0.0}})
tryAll("ult", math.ult, {{1, 2}, {2, 1}, {-1, 1}, {1, -1}})
tryAll("log", math.log, {{8, 2}, {1000, 10}, {1}, {81, 3}})
tryAll("floor", function(x) return math.floor(x), math.ceil(x), math.abs(x) end, {{1.5}, {-1.5}, {7}, {-0.5}})
tryAll("fmod", math.fmod, {{7, 3}, {-7, 3}, {7, -3}, {1.5, 1}})
tryAll("modulo", function(a, b) return a % b end, {{7, 3}, {-7, 3}, {7, -3}, {5.5, 2}})
tryAll("max", function(...) return math.max(...), math.min(...) end, {{1, 5, 3}, {-1}, {}})
show("huge", math.huge, -math.huge, math.pi)
tryAll("tonumber", tonumber, {{"10"}, {" 10 "}, {"0x10"}, {"1e2"}, {"abc"}, {""}, {"10", 2}, {"ff", 16}, {"zz", 36}, {"8", 8}, {" -7 ", 10}, {"1e"}, {"0x"}, {"1 2"}, {nil}, {"0x1p4"}, {".5"}, {"5."}, {"inf"}, {"nan"}})

tryAll("utf8.char", utf8.char, {{}, {65}, {0x20ac, 0x10ffff, 0xe9}, {-1}, {0xd800}})
tryAll("utf8.len", utf8.len, {{"abc"}, {"\u{20ac}\u{e9}"}, {"\xff"}, {"a\xff"}, {"abc", 2}, {"abc", 4}, {"abc", 5}, {"abc", -1}, {"", 1}, {"\u{e9}", 2}, {"abc", 1, 2}, {"abc", 3, 1}, {"abc", 1, 9}})
tryAll("utf8.codepoint", utf8.codepoint, {{"abc"}, {"abc", 1, -1}, {"\u{20ac}", 1}, {"\u{20ac}", 2}, {"abc", 4}, {"abc", 2, 1}, {"\xff"}})
tryAll("utf8.offset", utf8.offset, {{"a\u{e9}b", 1}, {"a\u{e9}b", 2}, {"a\u{e9}b", 3}, {"a\u{e9}b", 4}, {"a\u{e9}b", 5}, {"a\u{e9}b", 6}, {"a\u{e9}b", -1}, {"a\u{e9}b", -2}, {"a\u{e9}b", -5}, {"a\u{e9}b", 0, 3}, {"a\u{e9}b", 1, 3}, {"a\u{e9}b", 2, 2}, {"abc", 1, 5}, {"", 1}})
local codes = {}
for p, c in utf8.codes("a\u{e9}\u{20ac}\u{10ffff}") do codes[#codes + 1] = p .. "=" .. c end
show("utf8.codes", table.concat(codes, " "))
try("utf8.codes wrong", function() for _ in utf8.codes("a\xff") do end end)
show("charpattern", utf8.charpattern, #("a\u{e9}"):gsub(utf8.charpattern, "."))

show("escapes", "\x41\z
  B\u{48}\u{20AC}\065\10\
", '\z  single', "a\z

  b")
show("coroutine", coroutine.isyieldable(), select(2, coroutine.running()), coroutine.wrap(function() return coroutine.isyieldable(), select(2, coroutine.running()) end)())
show("load", load("return ...", "=x", "t", {})(7), (load("x = 1 y")), pcall(load("return print", "=x", "t", {})))
show("load env", load("a = 5 return a", "=x", "t", setmetatable({}, {__index = _G}))(), a)
show("os", type(os.time()), type(os.clock()), os.getenv("NO_SUCH_VARIABLE"), os.time{year = 2020, month = 1, day = 2, hour = 12}, os.date("!%Y-%m-%d %H:%M:%S", 86400), os.date("!*t", 86400 * 40).yday, os.date("!*t", 0).wday, os.date("!*t", 0).isdst)
local name = os.tmpname()
local f = assert(io.open(name, "w"))
f:write("x")
f:close()
show("files", os.rename(name, name .. ".new"), os.remove(name .. ".new"), (os.remove(name)), select("#", os.remove(name)), (os.rename(name, name)))
show("rawlen", rawlen({1, 2}), rawlen("abc"), rawequal(1, 1), #"\0\0")
show("pairs", pairs(setmetatable({}, {__pairs = function() return 1, 2, 3 end})))
show("goto", (function() for i = 1, 3 do if i == 2 then goto done end end ::done:: return "done" end)())
show("error", pcall(error), pcall(error, nil), select(2, pcall(error, "x", 0)), select(2, pcall(error, {5}))[1])
show("xpcall", xpcall(function(...) return select("#", ...) end, print, 1, 2), xpcall(function(...) error(..., 0) end, function(m) return "handled " .. tostring(m) end, "x"))
show("tostring", tostring(-0.5), 10 .. "", tostring(1e100))
show("compare", "a" < "b", "a\0b" < "a\0c", "Z" < "a", "" < "a")
show("next", next({}), type(next), ipairs({}) ~= nil)

function open() return {} end
function get_size() return 512 end
function pread(h, count) return string.rep("x", count) end

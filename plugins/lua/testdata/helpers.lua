-- What nbdkit and workbench answer.

local function show(name, ...)
  local words = {name}
  for i = 1, select("#", ...) do
    words[i + 1] = tostring((select(i, ...)))
  end
  print(table.concat(words, " "))
end

local function bytes(s) return table.concat({s:byte(1, -1)}, ",") end

function open(readonly)
  show("size", nbdkit.parse_size("1M"), nbdkit.parse_size(" 08"), nbdkit.parse_size("2s"))
  show("bool", nbdkit.parse_bool("on"), nbdkit.parse_bool("F"))
  show("delay", nbdkit.parse_delay("20ms"), nbdkit.parse_delay("3"), nbdkit.parse_delay("1.5s"))
  show("probability", nbdkit.parse_probability("1:4"), nbdkit.parse_probability("50%"))
  show("password", nbdkit.read_password("secret"))
  show("paths", nbdkit.absolute_path("/a/b"), nbdkit.realpath("/"))
  nbdkit.nanosleep(0)
  nbdkit.nanosleep(0, 1000)
  show("version", nbdkit.version())
  show("connection", nbdkit.export_name(), nbdkit.is_tls(), nbdkit.peer_name(), nbdkit.peer_pid(), nbdkit.peer_uid(), nbdkit.peer_gid())
  nbdkit.disconnect(true)
  nbdkit.disconnect(false)
  nbdkit.disconnect()
  nbdkit.shutdown()
  nbdkit.debug("debugged")

  local b = workbench.buffer(8)
  b:set(0, 255)
  b:set(1, "ab")
  b:set_u16be(3, 258)
  b:set_i8(5, -1)
  show("buffer", b, b:len(), #b, b:get(0), bytes(b:get(1, 2)), bytes(b:sub(0)), b:get_u16le(3), b:get_i8(5), b:get_u32be(0), b:get_i16be(5))
  b:fill(7, 6)
  b:copy(0, b, 6)
  b:copy(2, workbench.buffer("xQz"), 1, 1)
  b:copy(2, "xyz", 1, 1)
  show("buffer", bytes(b:sub(0)))

  local d = workbench.memory(1024)
  d:pwrite(b, 100)
  d:read_into(b, 102, 6)
  d:write_from(b, 200, 6, 1)
  show("disk", d, d:size(), bytes(d:pread(8, 100)), bytes(b:sub(0)), bytes(d:pread(2, 200)))
  d:zero(1, 100, true)
  d:trim(1, 101)
  d:flush()
  show("disk", bytes(d:pread(3, 100)), bytes(d:pread(0, 0)))

  show("pack", bytes(workbench.pack("<I2>I2bz", 258, 258, -1, "hi")), workbench.packsize("<!4bi4"))
  show("unpack", workbench.unpack("<I2>I2b", "\2\1\1\2\255"))
  show("unpack", workbench.unpack("<I2", "\0\2\1", 1), workbench.unpack("<d", workbench.pack("<d", 1.5)))
  show("checksum", workbench.crc32("123456789"), workbench.crc32c("123456789"), workbench.crc32("6789", workbench.crc32("12345")), workbench.crc32(workbench.buffer("123456789")))
  show("hex", workbench.hex("\0A\255", 16))
  show("unhex", bytes(workbench.unhex("00 41\nff")))
  show("now", workbench.now() > 1.7e9)
  return {}
end

function get_size(h) return 1048576 end
function pread(h, count, offset) return string.rep("x", count) end

-- Calls that must fail: pread makes one for each sector.

local calls = {
  function() nbdkit.parse_size("1MB") end,
  function() nbdkit.parse_bool("maybe") end,
  function() nbdkit.parse_delay("soon") end,
  function() nbdkit.parse_probability("often") end,
  function() nbdkit.read_password("-") end,
  function() nbdkit.realpath("/none/such") end,
  function() nbdkit.nanosleep(-1) end,
  function() nbdkit.nanosleep("soon") end,
  function() nbdkit.set_error("EWHAT") end,
  function() nbdkit.error("ENOSPC", "no space") end,
  function() nbdkit.error(27, "too big") end,
  function() nbdkit.peer_pid() end,
  function() nbdkit.disconnect() end,
  function() workbench.memory() end,
  function() workbench.memory(-1) end,
  function() workbench.memory({}) end,
  function() workbench.file("/none/such") end,
  function() workbench.buffer({}) end,
  function() workbench.buffer(2^50) end,
  function() workbench.buffer(8):get(8) end,
  function() workbench.buffer(8):set(0, 256) end,
  function() workbench.buffer(8):set_u16le(0, 65536) end,
  function() workbench.buffer(8):set_u8(0) end,
  function() workbench.buffer(8):get(0, 1, 2) end,
  function() workbench.memory(8):pread(9, 0) end,
  function() workbench.memory(8):pwrite("123", 6) end,
  function() workbench.memory(8):pwrite({}, 0) end,
  function() workbench.memory(8):pread(1, -1) end,
  function() workbench.memory(8):pread(1, 0.5) end,
  function() workbench.memory(8):read_into("x", 0) end,
  function() workbench.pack("<I2", 65536) end,
  function() workbench.pack("<I2") end,
  function() workbench.pack("?") end,
  function() workbench.unpack("<I4", "abc") end,
  function() workbench.unpack("z", "abc") end,
  function() workbench.crc32({}) end,
  function() workbench.crc32("", 2^40) end,
  function() workbench.unhex("0g") end,
}

function open(readonly) return {} end
function get_size(h) return 1048576 end

function pread(h, count, offset)
  local call = calls[offset / 512 + 1]
  if call then call() end
  return string.rep("x", count)
end

-- Everything that can go wrong in a pread.

local disk = workbench.memory(4096)

local function helper()
  error("from the helper") -- @helper
end

local cases = {
  [0] = function()
    error("boom") -- @plain
  end,
  [512] = function()
    error("ENOSPC: disk full") -- @named
  end,
  [1024] = function()
    nbdkit.set_error(27)
    error("too big") -- @number
  end,
  [1536] = function()
    nbdkit.set_error("EROFS")
    error("only for reading") -- @name
  end,
  [2048] = function()
    disk:pread(1, 4096) -- @library
  end,
  [2560] = function()
    helper()
  end,
  [3072] = function()
    return nil + 1 -- @runtime
  end,
}

function open(readonly) return {} end
function get_size(h) return 1048576 end

function pread(h, count, offset)
  if cases[offset] then
    cases[offset]()
  end
  return string.rep("x", count)
end

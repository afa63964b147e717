local hole = nbdkit.EXTENT_HOLE + nbdkit.EXTENT_ZERO

function open(readonly) return {} end
function get_size(h) return 1048576 end
function pread(h, count, offset) return string.rep("\0", count) end

function extents(h, count, offset, flags)
  if offset == 524288 then return {} end
  if offset == 786432 then return {{786432, 512}, {787456, 512}} end
  return {
    {0, 4096, hole},
    {4096, 0, 0},
    {offset = 4096, length = 4096, type = hole},
    {offset = 8192, length = 8192},
    {16384, 2097152, hole},
  }
end

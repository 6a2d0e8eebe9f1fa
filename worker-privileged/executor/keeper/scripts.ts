/*
 * What is done inside Redis, a slice at a time, so that nobody waits long and no name of a site's key ever comes out.
 * A key belongs to the site whose id stands before its first colon.
 */

/**
 * ARGV: cursor, how many at most. Gives the next cursor, then id, octets and number for each site that has some. Every
 * element is counted (SAMPLES 0), or a list with small ones in front would be taken for a small list. What Redis's
 * tables take for a key, and for its expiry, is not in its own figure.
 */
export const MEASURE = `
local found = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[2])
local octets, keys, answer = {}, {}, {found[1]}
for _, key in ipairs(found[2]) do
  local id = string.match(key, '^(%l[%l%d]*):') or ''
  local used = redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0')
  if used and #id == 12 then
    octets[id] = (octets[id] or 0) + used + 72
    keys[id] = (keys[id] or 0) + 1
  end
end
for id, sum in pairs(octets) do
  table.insert(answer, id)
  table.insert(answer, sum)
  table.insert(answer, keys[id])
end
return answer`;

/**
 * ARGV: cursor, how many at most, whose, how many octets. Drops of what is found the half that was not used for
 * longest, as long as octets are wanted; less than none means all of it. Gives the next cursor, octets and number.
 */
export const DROP = `
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[3] .. ':*', 'COUNT', ARGV[2])
local wanted, own = tonumber(ARGV[4]), {}
for _, key in ipairs(found[2]) do
  table.insert(own, {key, redis.call('OBJECT', 'IDLETIME', key) or 0})
end
table.sort(own, function(a, b) return a[2] > b[2] end)
local freed, dropped = 0, 0
for place, each in ipairs(own) do
  if wanted >= 0 and (freed >= wanted or place > math.ceil(#own / 2)) then break end
  freed = freed + (redis.call('MEMORY', 'USAGE', each[1], 'SAMPLES', '0') or 0) + 72
  dropped = dropped + redis.call('UNLINK', each[1])
end
return {found[1], freed, dropped}`;

-- rules/rightsizing.ros by hand, as an experienced author would write it for speed: locals, no closures in the way of a
-- host, nil for what is missing or unknown, tables made once. Its answers are compared with those of the rule set before
-- anything is measured.

local idle_below, util_low, util_high, psi_some_high, psi_full_high = 0.05, 0.20, 0.80, 0.20, 0.0
local io_limit = nil
local abs, max, format, sort = math.abs, math.max, string.format, table.sort

local types, by_name, prices = {}, {}, {}

local function lines(text)
  local next_line = text:gmatch("[^\r\n]+")
  next_line() -- the names of the columns
  return next_line
end

local function cells_of(line)
  local cells = {}
  for cell in (line .. ","):gmatch("([^,]*),") do cells[#cells + 1] = cell end
  return cells
end

-- type,processor,vcpu,ram_mib,... and type,region,usd_per_hour
function load_tables(ec2_text, price_text)
  types, by_name, prices = {}, {}, {}
  for line in lines(ec2_text) do
    local cells = cells_of(line)
    local row = {type = cells[1], processor = cells[2], vcpu = tonumber(cells[3]), ram = tonumber(cells[4]) * 1048576}
    types[#types + 1] = row
    by_name[row.type] = row
  end
  for line in lines(price_text) do
    local cells = cells_of(line)
    local regions = prices[cells[1]]
    if not regions then regions = {} prices[cells[1]] = regions end
    regions[cells[2]] = tonumber(cells[3])
  end
end

-- Evidence to facts: one look-up a name, the unit checked, in base units.
local function metric(metrics, name, instance, unit, times, over)
  local values = metrics[name]
  local value = values and values[instance]
  if value and value.unit == unit then return value.mean * times / over end
  return nil
end

function bind(evidence)
  local m, f = evidence.metrics, evidence.facts
  local h = {
    cloud = f["host.cloud"], region = f["host.region"], type = f["host.instance_type"], arch = f["host.arch"],
    major = f["host.rhel.major"], cpus = f["host.cpus"], psi = f["host.psi_enabled"],
    ncpu = metric(m, "hinv.ncpu", "", "none", 1, 1), idle = metric(m, "kernel.all.cpu.idle", "", "none", 1, 1),
    physmem = metric(m, "mem.physmem", "", "Kbyte", 1024, 1), available = metric(m, "mem.util.available", "", "Kbyte", 1024, 1),
    cpu_some = metric(m, "kernel.all.pressure.cpu.some.avg", "1 minute", "none", 1, 100),
    mem_some = metric(m, "kernel.all.pressure.memory.some.avg", "1 minute", "none", 1, 100),
    mem_full = metric(m, "kernel.all.pressure.memory.full.avg", "1 minute", "none", 1, 100),
    io_some = metric(m, "kernel.all.pressure.io.some.avg", "1 minute", "none", 1, 100),
    io_full = metric(m, "kernel.all.pressure.io.full.avg", "1 minute", "none", 1, 100),
    disks = {},
  }
  local disks = m["disk.dev.total"]
  if disks then
    for _, value in pairs(disks) do
      if value.unit == "count / sec" then h.disks[#h.disks + 1] = value.mean end
    end
  end
  return h
end

-- Three values: nil is unknown.
local function either(a, b)
  if a or b then return true end
  if a == nil or b == nil then return nil end
  return false
end

local function over_any(disks, limit, above)
  if not limit or #disks == 0 then return nil end
  for i = 1, #disks do
    local use = disks[i] / limit
    if above and use > util_high or not above and use < util_low then return true end
  end
  return false
end

-- Facts to states (in `out`) and rule; false when the rules are not for this host.
function decide(h, out)
  local major = h.major
  if h.cloud ~= "aws" or (major ~= 7 and major ~= 8 and major ~= 9 and major ~= 10) or
     h.arch == nil or (h.arch == "ppc64" and major ~= 7) then
    return false
  end
  local ncpu = h.ncpu or h.cpus
  local cpu_util = h.idle and ncpu and ncpu ~= 0 and 1 - h.idle / ncpu or nil
  local mem_util = h.physmem and h.available and h.physmem ~= 0 and (h.physmem - h.available) / h.physmem or nil
  local cpu_some, mem_some, mem_full, io_some, io_full = h.cpu_some, h.mem_some, h.mem_full, h.io_some, h.io_full
  local psi_on = h.psi and cpu_some and mem_some and mem_full and io_some and io_full and true or false

  local idle
  if cpu_util and mem_util then
    idle = cpu_util < idle_below and mem_util < idle_below
  elseif cpu_util and not (cpu_util < idle_below) or mem_util and not (mem_util < idle_below) then
    idle = false
  end
  local cpu_over = cpu_util and cpu_util < util_low
  local cpu_under = cpu_util and cpu_util > util_high
  local mem_over = mem_util and mem_util < util_low
  local mem_under = mem_util and mem_util > util_high
  local cpu_press = psi_on and cpu_some > psi_some_high
  local mem_press = psi_on and (mem_some > psi_some_high or mem_full > psi_full_high)
  local io_press = psi_on and (io_some > psi_some_high or io_full > psi_full_high)
  local io_under = over_any(h.disks, io_limit, true) or false
  local io_over = over_any(h.disks, io_limit, false) and not io_under or false
  local pressed = cpu_press or mem_press or io_press
  out[1], out[2], out[3], out[4], out[5] = idle, cpu_over, cpu_under, cpu_press, mem_over
  out[6], out[7], out[8], out[9], out[10] = mem_under, mem_press, io_over, io_under, io_press

  if idle then return "INSTANCE_IDLE" end
  if either(either(cpu_under, mem_under), io_under) then return "INSTANCE_UNDERSIZED" end
  if cpu_over and mem_over and not io_under and not pressed then return "INSTANCE_OVERSIZED" end
  if pressed then return "INSTANCE_OPTIMIZED_UNDER_PRESSURE" end
  if io_over and not idle then return "STORAGE_RIGHTSIZING" end
  return nil
end

local function cheaper(a, b)
  if a.cost ~= b.cost then return a.cost < b.cost end
  return a.type < b.type
end

-- The rows that fit, cheapest first.
function filter(h, s)
  local now = h.type and by_name[h.type]
  local fits = {}
  if not now then return fits, nil end
  local region = h.region
  local cpu_used = now.vcpu - (h.idle or 0)
  local mem_used = h.physmem and h.available and h.physmem - h.available or 0
  local cpu_up, cpu_down = s[3] or s[4], s[2]
  local mem_up, mem_down = s[6] or s[7], s[5]
  local name, processor, vcpu, ram = now.type, now.processor, now.vcpu, now.ram
  for i = 1, #types do
    local c = types[i]
    if c.processor == processor and c.type ~= name then
      local room, size, cpu = c.ram * util_high, c.ram, c.vcpu
      local able = cpu * util_high
      if (able > cpu_used or abs(able - cpu_used) <= 1e-9 * max(abs(able), abs(cpu_used))) and
         (not cpu_up or cpu >= vcpu) and (cpu_up or not cpu_down or cpu <= vcpu) and room >= mem_used and
         (not mem_up or size >= ram) and (mem_up or not mem_down or size <= ram) then
        local regions = prices[c.type]
        local cost = regions and regions[region]
        if cost and cost > 0 then fits[#fits + 1] = {type = c.type, cost = cost} end
      end
    end
  end
  sort(fits, cheaper)
  local regions = prices[name]
  return fits, regions and regions[region]
end

-- Rule and offers.
function evaluate(h, out)
  local rule = decide(h, out)
  if rule == false then return false end
  local fits, price = filter(h, out)
  local offers = fits
  if rule == "INSTANCE_IDLE" or rule == "INSTANCE_OVERSIZED" then
    offers = {}
    for i = 1, #fits do
      local cost = fits[i].cost
      if price and (cost < price or rule == "INSTANCE_IDLE" and cost == price) then offers[#offers + 1] = fits[i] end
    end
  elseif rule ~= "INSTANCE_UNDERSIZED" and rule ~= "INSTANCE_OPTIMIZED_UNDER_PRESSURE" then
    offers = {}
  end
  return rule, offers
end

-- The words come from the rule set itself, so that both say the same: pieces of text and the names of values.
local texts = {}
function load_texts(source)
  local rule
  for line in source:gmatch("[^\n]+") do
    rule = line:match("^%s+rule ([%u_]+) when") or rule
    local field, text = line:match('^%s+(%l+)%s+"(.*)"$')
    if rule and field and field ~= "allow" then
      local pieces, at = {}, 1
      for start, name, stop in text:gmatch("(){([%l_]+)}()") do
        pieces[#pieces + 1] = {text = text:sub(at, start - 1)}
        pieces[#pieces + 1] = {value = name}
        at = stop
      end
      pieces[#pieces + 1] = {text = text:sub(at)}
      texts[rule] = texts[rule] or {}
      texts[rule][field] = pieces
    end
  end
end

local percents = {idle_below = idle_below, util_low = util_low, util_high = util_high, psi_some_high = psi_some_high,
                  psi_full_high = psi_full_high}
local function share(name) return format("%.4g%%", percents[name] * 100) end

local function render(rule, field, instance)
  local pieces = texts[rule][field]
  local parts = {}
  for i = 1, #pieces do
    local piece = pieces[i]
    if piece.text then parts[i] = piece.text
    elseif piece.value == "instance" then parts[i] = instance
    else parts[i] = share(piece.value) end
  end
  return table.concat(parts)
end

-- A whole host: evidence to rule, offers and texts.
function score(evidence, out)
  local h = bind(evidence)
  local rule, offers = evaluate(h, out)
  if not rule then return rule, offers end
  local instance = format("%s instance in %s region %s", h.type or "unknown", h.cloud:upper(), h.region or "unknown")
  return rule, offers, render(rule, "description", instance), render(rule, "reason", instance),
    render(rule, "resolution", instance), render(rule, "condition", instance)
end

-- What is timed: rounds over all hosts.
local bound, out = {}, {}
function prepare(evidences) for i = 1, #evidences do bound[i] = bind(evidences[i]) end end
function time_decide(rounds) for _ = 1, rounds do for i = 1, #bound do decide(bound[i], out) end end end
function time_evaluate(rounds) for _ = 1, rounds do for i = 1, #bound do evaluate(bound[i], out) end end end

# Read a table file and print its coefficients, one to a line: l1 l2 l3 m1 m2 m3 value.
#
#   julia read_table.jl real-l4.safetensors gaunt
#
# The layout is that of docs/table-format.md.  `coupling check` tests the checksum.
const TYPES = Dict("F64" => Float64, "I64" => Int64, "I8" => Int8, "U8" => UInt8)

# The array after "name":{"dtype":...,"shape":[...],"data_offsets":[begin,end]}.
function array(header, data, name)
    found = match(Regex("\"$name\":\\{\"dtype\":\"(\\w+)\",\"shape\":\\[[\\d,]*\\],\"data_offsets\":\\[(\\d+),(\\d+)\\]"), header)
    found === nothing && error("no array $name")
    first, last = parse(Int, found[2]), parse(Int, found[3])
    ltoh.(reinterpret(TYPES[found[1]], data[first+1:last]))
end

function main(file, family)
    bytes = read(file)
    n = Int(ltoh(reinterpret(UInt64, bytes[1:8])[1]))
    header, data = String(bytes[9:8+n]), bytes[9+n:end]
    # version 2 holds twice the numbers, for half-integers
    occursin("\\\"schema_version\\\":1,", header) || error("this is not a table of version 1")
    core, offsets, orders, paths = (array(header, data, name) for name in ("core", "offsets", "orders", "paths"))
    factor = array(header, data, "reduced_$family")
    for p in eachindex(factor), e in offsets[p]+1:offsets[p+1]
        factor[p] == 0 && continue
        println(join([paths[3p-2:3p]; orders[3e-2:3e]; factor[p] * core[e]], " "))
    end
end

main(ARGS...)

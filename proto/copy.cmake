# Copies every .proto below IN to OUT with `optional T name = N;` as `oneof _name { T name = N; }`, for protoc-c.
file(GLOB_RECURSE files RELATIVE ${IN} ${IN}/*.proto)
foreach(file IN LISTS files)
    file(READ ${IN}/${file} text)
    string(REGEX REPLACE "optional ([A-Za-z0-9_.]+) ([A-Za-z0-9_]+) = ([0-9]+);" "oneof _\\2 { \\1 \\2 = \\3; }" text "${text}")
    file(CONFIGURE OUTPUT ${OUT}/${file} CONTENT "${text}" @ONLY)
endforeach()

# What every file of ours is compiled with. Generated code (bison, flex, protobuf-c) goes through ros_generated(), which
# turns the warnings off for it alone.
add_library(ros_flags INTERFACE)
target_compile_definitions(ros_flags INTERFACE _GNU_SOURCE)
target_include_directories(ros_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_options(ros_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wimplicit-fallthrough
    -Wpointer-arith -Wwrite-strings -Werror
    -fno-omit-frame-pointer -ffp-contract=off -fno-strict-aliasing)

if(ROS_SANITIZE)
    target_compile_options(ros_flags INTERFACE -fsanitize=${ROS_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(ros_flags INTERFACE -fsanitize=${ROS_SANITIZE})
else()
    target_compile_options(ros_flags INTERFACE
        $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2 -fstack-protector-strong>)
    target_link_options(ros_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
if(ROS_COVERAGE)
    target_compile_options(ros_flags INTERFACE --coverage)
    target_link_options(ros_flags INTERFACE --coverage)
endif()

# ros_room(NAME SOURCES... [LINK targets...]): the static library of one room.
function(ros_room name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ros_flags ${ARG_LINK})
endfunction()

# ros_generated(FILES...): marks generated C sources so that our warnings do not judge them.
function(ros_generated)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "-w;-Wno-error")
endfunction()

# ros_unit_test(NAME SOURCES... LINK targets... [LABELS labels...]): one cmocka program, run by ctest under its name.
function(ros_unit_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ros_flags ${ARG_LINK} PkgConfig::CMOCKA)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    if(NOT ARG_LABELS)
        set(ARG_LABELS unit)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300
        ENVIRONMENT "ROS_SOURCE_DIR=${PROJECT_SOURCE_DIR};ROS_BINARY_DIR=${PROJECT_BINARY_DIR}")
endfunction()

# tools/build fuzz
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(ROS_SANITIZE "address,undefined" CACHE STRING "")
set(ROS_FUZZ ON CACHE BOOL "")
set(CMAKE_C_COMPILER clang CACHE STRING "")

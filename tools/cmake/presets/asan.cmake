# tools/build asan
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(ROS_SANITIZE "address,undefined" CACHE STRING "")

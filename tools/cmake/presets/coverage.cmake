# tools/build coverage
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(ROS_COVERAGE ON CACHE BOOL "")

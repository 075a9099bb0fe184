# tools/build tsan
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(ROS_SANITIZE "thread" CACHE STRING "")

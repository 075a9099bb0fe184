# tools/build release
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")

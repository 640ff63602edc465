# SPDX-License-Identifier: Apache-2.0
# sitelatch_folder(route53 services/route53 LINKS aws dns ports): the library `sitelatch_route53` of all *.cc in the
# folder, and, where it has *_test.cc, the doctest program `route53_test` registered with ctest.
find_path(DOCTEST_INCLUDE doctest/doctest.h REQUIRED)

# doctest's main(), once for all test programs.
add_library(sitelatch_doctest_main STATIC ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
target_compile_definitions(sitelatch_doctest_main PRIVATE SITELATCH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_include_directories(sitelatch_doctest_main PUBLIC ${CMAKE_SOURCE_DIR}/tests)

# For the test programs that see memory end at every allocation in turn: it replaces operator new.
add_library(sitelatch_memory_ends OBJECT ${CMAKE_SOURCE_DIR}/tests/memory_ends.cc)

# What scripts/test builds of a preset of which it does not run everything.
add_custom_target(unit_tests)
add_custom_target(threaded_tests)

# What only tests call is compiled without optimisation: half of a cold build was theirs. What they test is not.
function(sitelatch_test_sources target)
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE)
endfunction()

# Labels for ctest: `unit` all of these; `threads` where several threads meet, which is what the thread sanitizer is for.
set(SITELATCH_THREADED store net_io net_http net_dns net_probe net_functions client engine console)
function(sitelatch_unit_test name)
  add_dependencies(unit_tests ${name}_test)
  set(labels unit)
  if(name IN_LIST SITELATCH_THREADED)
    add_dependencies(threaded_tests ${name}_test)
    list(APPEND labels threads)
  endif()
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS "${labels}")
endfunction()

function(sitelatch_folder name folder)
  cmake_parse_arguments(ARG "" "" "LINKS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  set(links ${ARG_LINKS})
  list(TRANSFORM links PREPEND sitelatch_)
  if(sources)
    add_library(sitelatch_${name} STATIC ${sources})
    target_include_directories(sitelatch_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(sitelatch_${name} PUBLIC ${links} ${ARG_LIBRARIES})
  else()
    add_library(sitelatch_${name} INTERFACE)
    target_include_directories(sitelatch_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(sitelatch_${name} INTERFACE ${links} ${ARG_LIBRARIES})
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    sitelatch_test_sources(${name}_test)
    target_link_libraries(${name}_test PRIVATE sitelatch_doctest_main sitelatch_${name} sitelatch_sim)
    sitelatch_unit_test(${name})
  endif()
endfunction()

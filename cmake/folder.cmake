# SPDX-License-Identifier: Apache-2.0
# sitelatch_folder(route53 services/route53 LINKS aws dns ports): the library `sitelatch_route53` of all *.cc in the
# folder, and, where it has *_test.cc, the doctest program `route53_test` registered with ctest.
find_path(DOCTEST_INCLUDE doctest/doctest.h REQUIRED)

# doctest's main(), once for all test programs.
add_library(sitelatch_doctest_main STATIC ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
target_compile_definitions(sitelatch_doctest_main PRIVATE SITELATCH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_include_directories(sitelatch_doctest_main PUBLIC ${CMAKE_SOURCE_DIR}/tests)

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
    target_link_libraries(${name}_test PRIVATE sitelatch_doctest_main sitelatch_${name} sitelatch_sim)
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()

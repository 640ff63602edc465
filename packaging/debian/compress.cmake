# SPDX-License-Identifier: Apache-2.0
# Debian wants manual pages and the change log compressed, and says how.
file(GLOB_RECURSE pages ${CPACK_TEMPORARY_DIRECTORY}/*.1 ${CPACK_TEMPORARY_DIRECTORY}/*.5)
file(GLOB_RECURSE changes ${CPACK_TEMPORARY_DIRECTORY}/CHANGELOG.md)
file(GLOB_RECURSE license ${CPACK_TEMPORARY_DIRECTORY}/LICENSE)
if(NOT pages OR NOT changes OR NOT license)
  message(FATAL_ERROR "manual pages, change log or licence are not found in ${CPACK_TEMPORARY_DIRECTORY}")
endif()
string(REPLACE CHANGELOG.md changelog compressed ${changes})
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where that is set
file(WRITE ${compressed} "sitelatch (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * What a user notices: /usr/share/doc/sitelatch/CHANGELOG.md.gz

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
file(REMOVE ${license})  # Debian has the text once for all: copyright says where
execute_process(COMMAND gzip -9nf ${pages} ${changes} ${compressed} COMMAND_ERROR_IS_FATAL ANY)

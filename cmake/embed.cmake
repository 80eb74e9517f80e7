# A text file as a constant of the binary, so that a program and its schema can
# never be of two versions.
#
#   include(${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
#   endpointd_embed(TARGET FILE SYMBOL)
#
# adds a generated source to TARGET that defines SYMBOL. Whoever uses it declares
#
#   namespace endpointd::schema { extern const std::string_view SYMBOL; }
#
# The text is there before any constructor runs and as long as the program does.
# This file is also the script that writes the source (cmake -P).

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" TEXT)
  if(TEXT MATCHES "\\)embedded\"")
    message(FATAL_ERROR "${INPUT}: holds the mark that ends the literal")
  endif()
  file(WRITE "${OUTPUT}" "// Generated from a text file by cmake/embed.cmake.
#include <string_view>

namespace endpointd::schema {

extern const std::string_view ${SYMBOL};
constinit const std::string_view ${SYMBOL} = R\"embedded(${TEXT})embedded\";

}  // namespace endpointd::schema
")
  return()
endif()

set(ENDPOINTD_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

# FILE is absolute or relative to the project; it may come into being after configuring.
function(endpointd_embed TARGET FILE SYMBOL)
  get_filename_component(INPUT ${FILE} ABSOLUTE BASE_DIR ${PROJECT_SOURCE_DIR})
  set(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/embedded_${SYMBOL}.cpp)
  add_custom_command(
    OUTPUT ${OUTPUT}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${INPUT} -DOUTPUT=${OUTPUT} -DSYMBOL=${SYMBOL} -P ${ENDPOINTD_EMBED_SCRIPT}
    DEPENDS ${INPUT} ${ENDPOINTD_EMBED_SCRIPT}
    COMMENT "Embedding ${FILE}"
    VERBATIM)
  target_sources(${TARGET} PRIVATE ${OUTPUT})
endfunction()

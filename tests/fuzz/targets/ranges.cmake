endpointd_fuzz(ranges SOURCE ${CMAKE_CURRENT_LIST_DIR}/ranges.cpp DEPS dsl)

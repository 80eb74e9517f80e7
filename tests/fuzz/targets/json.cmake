endpointd_fuzz(json SOURCE ${CMAKE_CURRENT_LIST_DIR}/json.cpp DEPS json)

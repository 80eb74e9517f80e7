endpointd_fuzz(zones SOURCE ${CMAKE_CURRENT_LIST_DIR}/zones.cpp DEPS dsl)

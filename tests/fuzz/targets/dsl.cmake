endpointd_fuzz(dsl SOURCE ${CMAKE_CURRENT_LIST_DIR}/dsl.cpp DEPS dsl)

endpointd_fuzz(runtime_text SOURCE ${CMAKE_CURRENT_LIST_DIR}/runtime_text.cpp DEPS policy)
